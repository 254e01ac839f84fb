"""What stands beside every figure: the machine that it was measured on."""

import os

import pytest

from mobile_runtime import host_info as this_machine

LISTED = {
    "flags : fpu sse2 fma avx2 avx512f avx512_vnni": " with AVX-512 VNNI,",
    "flags : fpu sse2 fma avx2": " with AVX2,",
    "Features : fp asimd asimddp": " with int8 dot products,",
    "flags : fpu sse2": ",",
    "model name : avx2maker": ",",
    None: ",",
}
"""What Linux lists, or nothing, as on other systems; what is said of it."""


@pytest.mark.parametrize(("listed", "words"), LISTED.items())
def test_the_best_instructions_are_named(monkeypatch, tmp_path, listed, words):
    monkeypatch.setattr(this_machine, "CPUINFO", tmp_path / "cpuinfo")
    if listed is not None:
        (tmp_path / "cpuinfo").write_text(f"processor : 0\n{listed}\n")
    system, _, after = this_machine.describe_device().partition(words)
    assert "with" not in system
    assert after.startswith(f" {os.cpu_count()} cores")
