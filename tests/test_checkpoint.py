import os
import pickle
import warnings
from functools import partial
from random import Random

import pytest
import torch
from model_files import corrupt
from networks import NETWORKS, make_net
from safetensors import SafetensorError
from safetensors.torch import save_file

from mobile_runtime.atomic_write import atomic_write
from scnet import checkpoint as module
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.errors import CheckpointError

PIXELSHUFFLE = SCNetConfig(4, "pixelshuffle", 16, 2)


def save(path, content):
    torch.save(content, path)
    return path


def altered(config=PIXELSHUFFLE, **changes):
    """A state dict with some tensors replaced, or removed where the change is None."""
    tensors = dict(make_net(config).state_dict())
    for name, tensor in changes.items():
        key = name.replace("__", ".")
        tensors.pop(key, None)
        if tensor is not None:
            tensors[key] = tensor
    return tensors


def same(net, other):
    pairs = zip(net.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize("config", NETWORKS)
def test_state_dict_in_a_pth_is_recognised(tmp_path, config):
    net = make_net(config)
    path = save(tmp_path / "net.pth", net.state_dict())
    scale = config.scale if config.head == "mlp" and config.scale in (2, 3) else None
    opened = open_checkpoint(path, scale=scale)
    assert opened.net.config == config
    assert same(opened.net, net)


@pytest.mark.parametrize("config", NETWORKS)
def test_safetensors_need_no_hint(tmp_path, config):
    net = make_net(config)
    save_weights(net, tmp_path / "net.safetensors", {"licence": "CC0"})
    opened = open_checkpoint(tmp_path / "net.safetensors")
    assert opened.net.config == config
    assert opened.notes["licence"] == "CC0"
    assert same(opened.net, net)


def test_names_are_the_authors():
    """As in the author's `SCNet-T-x4.pth` (mlp) and `SCNet-T_x4_D64B16_PS.pth`."""
    for head, positions in (("mlp", (1, 4)), ("pixelshuffle", (0, 3))):
        names = set(make_net(SCNetConfig(4, head, 16, 2)).state_dict())
        layers = {"conv_first", "conv_hr", "conv_last"}
        layers |= {f"body.{i}.conv{j}" for i in (0, 1) for j in (1, 2)}
        layers |= {f"upconv{i}.up_layer.{j}" for i in (1, 2) for j in positions}
        assert names == {f"{name}.{part}" for name in layers for part in ("weight", "bias")}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (lambda a, b: {"params": b, "params_ema": a}, "params_ema"),
        (lambda a, b: {"params": a}, "params"),
        (lambda a, b: {"params_ema": None, "params": a}, "params"),
        (lambda a, b: a, "state dict"),
    ],
)
def test_running_mean_is_preferred(tmp_path, content, part):
    wanted, other = make_net(PIXELSHUFFLE, seed=1), make_net(PIXELSHUFFLE, seed=2)
    path = save(tmp_path / "net.pth", content(wanted.state_dict(), other.state_dict()))
    opened = open_checkpoint(path)
    assert opened.part == part
    assert same(opened.net, wanted)


def test_half_precision_weights_are_widened(tmp_path):
    halved = {name: tensor.half() for name, tensor in altered().items()}
    opened = open_checkpoint(save(tmp_path / "net.pth", halved))
    assert {tensor.dtype for tensor in opened.net.state_dict().values()} == {torch.float32}


BAD = {
    "another network": ({"conv1.weight": torch.zeros(3)}, {}, "Not an SCNet: it has no conv_first"),
    "nothing": ({}, {}, "it has no conv_first.weight. It is empty"),
    "a layer that only begins like an upsampler": (
        altered(upconvolution__weight=torch.zeros(1)),
        {},
        "SCNet x4, head pixelshuffle, D16B2, but upconvolution.weight is unknown",
    ),
    "an empty convolution": (
        altered(conv_first__weight=torch.zeros(2**40, 0, 1, 1)),
        {},
        "not a 1x1 convolution's",
    ),
    "a name that speaks to terminals": (
        {"\x1b[2J": torch.zeros(1)},
        {},
        r"It has \\x1b\[2J\.",
    ),
    "an expanded tensor": (
        altered(conv_hr__weight=torch.zeros(1).expand(16, 16, 1, 1)),
        {},
        "conv_hr.weight claims 1024 bytes, but the file stores 4",
    ),
    "a sparse tensor": (
        altered(conv_hr__bias=torch.zeros(16).to_sparse()),
        {},
        "conv_hr.bias is sparse",
    ),
    "a tensor without values": (
        altered(conv_hr__bias=torch.zeros(16, device="meta")),
        {},
        "conv_hr.bias holds no values",
    ),
    "complex": (altered(conv_hr__bias=torch.zeros(16, dtype=torch.cfloat)), {}, "is complex64"),
    "truth values": (altered(conv_hr__bias=torch.zeros(16, dtype=torch.bool)), {}, "is bool"),
    "integers": (altered(conv_hr__bias=torch.zeros(16, dtype=torch.int8)), {}, "is int8"),
    "too large for float32": (
        altered(conv_hr__bias=torch.full((16,), 1e300, dtype=torch.float64)),
        {},
        "some values are not finite",
    ),
    "no state dict": ([1, 2, 3], {}, "not a mapping from names to tensors"),
    "a name too many": (altered(extra=torch.zeros(1)), {}, "extra is unknown"),
    "a name too few": (altered(conv_hr__bias=None), {}, "conv_hr.bias is missing"),
    "another shape": (
        altered(conv_hr__weight=torch.zeros(16, 8, 1, 1)),
        {},
        r"conv_hr.weight is \(16, 8, 1, 1\), expected \(16, 16, 1, 1\)",
    ),
    "a vector": (altered(conv_first__weight=torch.zeros(())), {}, "Not an SCNet"),
    "width 12": (
        {
            "conv_first.weight": torch.zeros(12, 3, 1, 1),
            "conv_hr.weight": torch.zeros(12, 12, 1, 1),
            "conv_last.weight": torch.zeros(3, 12, 1, 1),
            "body.0.conv1.weight": torch.zeros(12, 12, 1, 1),
            "upconv1.up_layer.0.weight": torch.zeros(12, 12, 1, 1),
            "upconv1.up_layer.3.weight": torch.zeros(48, 12, 1, 1),
        },
        {},
        "Width 12 is not a positive multiple of 8",
    ),
    "not a number": (
        altered(conv_hr__bias=torch.full((16,), torch.nan)),
        {},
        "conv_hr.bias: some values are not finite",
    ),
    "a scale that it is not": (
        altered(),
        {"scale": 2},
        "Scale 2 contradicts the file, which is x4",
    ),
    "a head that it is not": (
        altered(),
        {"head": "direct"},
        "Its head is pixelshuffle, not direct",
    ),
    "two possible scales": (altered(SCNetConfig(3, "mlp", 16, 2)), {}, "may be x2 or x3"),
    "neither of two scales": (
        altered(SCNetConfig(3, "mlp", 16, 2)),
        {"scale": 4},
        "contradicts the file, which is x2 or x3",
    ),
}


@pytest.mark.parametrize(("content", "arguments", "message"), BAD.values(), ids=list(BAD))
def test_what_does_not_fit_is_named(tmp_path, content, arguments, message):
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(save(tmp_path / "net.pth", content), **arguments)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_truncated_files_are_refused(tmp_path, suffix, share):
    whole = tmp_path / f"whole{suffix}"
    tensors = altered()
    save_file(tensors, whole) if suffix == ".safetensors" else torch.save(tensors, whole)
    content = whole.read_bytes()
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match="is damaged or was cut off") as caught:
        open_checkpoint(path)
    assert "weights_only" not in str(caught.value)


WRITERS = {
    "zip": torch.save,
    "legacy": partial(torch.save, _use_new_zipfile_serialization=False),
    "safetensors": save_file,
}


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_raise_nothing_else(tmp_path, name):
    """Bytes changed at random either leave a network or give a CheckpointError."""
    path = tmp_path / ("net.safetensors" if name == "safetensors" else "net.pth")
    WRITERS[name](altered(SCNetConfig(2, "direct", 8, 1)), path)
    whole, random, refused = path.read_bytes(), Random(0), 0
    for _ in range(600):
        path.write_bytes(corrupt(whole, random, counts=range(1, 12)))
        try:
            open_checkpoint(path)
        except CheckpointError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "error", [IndexError, TypeError, AssertionError, AttributeError, NotImplementedError]
)
def test_whatever_torch_raises_is_a_checkpoint_error(tmp_path, monkeypatch, error):
    def load(*args, **options):
        raise error("Set weights_only=False")

    monkeypatch.setattr(torch, "load", load)
    (tmp_path / "net.pth").touch()
    with pytest.raises(CheckpointError, match=r"net\.pth is damaged or was cut off: [^=]*$"):
        open_checkpoint(tmp_path / "net.pth")


class Attack:
    """A pickle that would run a command."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize(
    "write", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))]
)
def test_pickled_code_is_never_run(tmp_path, write):
    write({"params": Attack(tmp_path / "ran")}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"never unpickled.*state_dict\(\)") as caught:
        open_checkpoint(tmp_path / "net.pth")
    assert "weights_only" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_a_scripted_module_is_never_run(tmp_path):
    with warnings.catch_warnings(action="ignore"):  # PyTorch would rather have others export
        torch.jit.script(torch.nn.ReLU()).save(tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match=r"holds more than tensors.*state_dict\(\)"):
        open_checkpoint(tmp_path / "net.pt")


def test_state_of_a_training_run_says_where_its_weights_are(tmp_path):
    torch.save({"step": 1, "net": {}, "mean_net": {}}, tmp_path / "state.pth")
    with pytest.raises(CheckpointError, match=r"take weights\.safetensors beside it"):
        open_checkpoint(tmp_path / "state.pth")


def test_other_suffixes_and_missing_files_are_refused(tmp_path):
    (tmp_path / "folder.pth").mkdir()
    with pytest.raises(CheckpointError, match=r"folder\.pth is no file"):
        open_checkpoint(tmp_path / "folder.pth")
    with pytest.raises(CheckpointError, match="does not exist"):
        open_checkpoint(tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"expected one of \.pth, \.pt, \.safetensors"):
        open_checkpoint(tmp_path / "net.zip")


def test_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    def fail(tensors, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError("No space left on device")

    path = tmp_path / "net.safetensors"
    save_weights(make_net(PIXELSHUFFLE), path, {})
    before = path.read_bytes()
    monkeypatch.setattr(module, "save_file", fail)
    with pytest.raises(OSError, match=r"cannot be written: No space left"):
        save_weights(make_net(PIXELSHUFFLE), path, {"licence": "CC0"})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_written_aside_replaces_only_when_whole(tmp_path):
    path = tmp_path / "file"
    with atomic_write(path) as aside:
        aside.write_text("old")
    with pytest.raises(TypeError), atomic_write(path) as aside, aside.open("w") as file:
        file.writelines(["half", None])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_equal_weights_and_notes_give_equal_bytes(tmp_path):
    notes = {"licence": "CC0", "source": "here", "recipe": "none", "steps": "1"}
    contents = set()
    for order in (1, -1) * 8:
        save_weights(
            make_net(PIXELSHUFFLE), tmp_path / "a.safetensors", dict([*notes.items()][::order])
        )
        contents.add((tmp_path / "a.safetensors").read_bytes())
    assert len(contents) == 1
    assert open_checkpoint(tmp_path / "a.safetensors").notes == notes


def test_scale_must_be_the_headers(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(make_net(SCNetConfig(3, "mlp", 16, 2)), path, {})
    assert open_checkpoint(path, scale=3).net.config.scale == 3
    with pytest.raises(CheckpointError, match="Scale 2 contradicts the file, which is x3"):
        open_checkpoint(path, scale=2)


HEADER = '{"config": {"scale": %s, "head": "%s", "width": %s, "depth": %s}, "notes": {}}'
FORGED = {
    "scale": (HEADER % (2, "pixelshuffle", 16, 2), "its header says x2, .* are of x4, "),
    "head": (HEADER % (4, "mlp", 16, 2), "its header says x4, head mlp, "),
    "width": (HEADER % (4, "pixelshuffle", 24, 2), "its header says .* D24B2, "),
    "depth": (HEADER % (4, "pixelshuffle", 16, 3), "its header says .* D16B3, "),
    "impossible scale": (HEADER % (5, "pixelshuffle", 16, 2), "header is damaged or forged"),
    "no number": (HEADER % (4.0, "pixelshuffle", '"16"', 2), "header is damaged or forged"),
    "no JSON": ("{", "header is damaged or forged"),
    "nothing": ("{}", "header is damaged or forged"),
}


@pytest.mark.parametrize(("header", "message"), FORGED.values(), ids=list(FORGED))
def test_header_that_contradicts_the_tensors_is_refused(tmp_path, header, message):
    save_file(altered(), tmp_path / "net.safetensors", metadata={"scnet": header})
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(tmp_path / "net.safetensors")


def test_safetensors_of_other_programs_are_recognised(tmp_path):
    save_file(altered(), tmp_path / "net.safetensors", metadata={"format": "pt"})
    opened = open_checkpoint(tmp_path / "net.safetensors")
    assert (opened.net.config, opened.notes) == (PIXELSHUFFLE, {})


def test_forged_width_takes_no_memory(tmp_path):
    """A file of a few megabytes that claims a network of terabytes is refused at once."""
    tensors = altered(SCNetConfig(4, "direct", 16, 2))
    tensors["conv_first.weight"] = torch.zeros(1_000_000, 3, 1, 1)
    with pytest.raises(CheckpointError, match=r"conv_first\.bias is"):
        open_checkpoint(save(tmp_path / "net.pth", tensors))
