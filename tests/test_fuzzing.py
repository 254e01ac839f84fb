"""A small sample of `nox -s mutations`."""

import os
from random import Random
from shutil import copytree

import pytest
from fuzzing.damaged_files import list_models
from fuzzing.inconsistent_metadata import LIES
from fuzzing.runs import make_originals
from fuzzing.workers import run_mutations

from mobile_runtime.model_file.manifest import hash_file

SAMPLE = range(60)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    return make_originals(tmp_path_factory.mktemp("originals"))


def test_mutated_files_end_in_a_sentence_and_an_exit_code(originals, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where faulty files are kept
    outcomes = list(run_mutations(originals, 0, SAMPLE, os.cpu_count()))
    assert [outcome for outcome in outcomes if outcome.faults] == []
    assert {outcome.number for outcome in outcomes} == set(SAMPLE)
    codes = [code for outcome in outcomes for code in outcome.codes.values()]
    assert {0, 2} <= set(codes)


@pytest.mark.parametrize(
    ("suffix", "name"), [(suffix, name) for suffix, lies in LIES.items() for name in lies]
)
def test_every_lie_can_be_told(originals, tmp_path, suffix, name):
    copytree(originals, tmp_path / "models")
    for model in list_models(tmp_path / "models", suffix):
        before = hash_file(model)
        for seed in range(8):
            LIES[suffix][name](model, Random(seed))
        assert hash_file(model) != before
