"""Checkpoints of other training programs: loaded and told in a line each, or refused."""

import gzip
import io
import re
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from networks import NETWORKS, make_net
from PIL import Image as Pillow
from safetensors.torch import save as safetensors_bytes
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel

from converters.__main__ import program
from scnet.checkpoint import open_checkpoint
from scnet.config import SCNetConfig
from scnet.errors import CheckpointError
from scnet.other_networks import recognize

CONFIG = SCNetConfig(4, "pixelshuffle", 16, 2)
NET, OTHER = make_net(CONFIG, seed=1), make_net(CONFIG, seed=2)
WEIGHTS, RIVAL = dict(NET.state_dict()), dict(OTHER.state_dict())

DISCRIMINATOR = {"net_d.conv.weight": torch.zeros(8, 3, 3, 3), "net_d.conv.bias": torch.zeros(8)}


def under(prefix, tensors=WEIGHTS):
    return {prefix + name: tensor for name, tensor in tensors.items()}


def with_profiler(tensors):
    """As `thop` leaves a network: two counters in every module, and two of the whole."""
    modules = {name.rpartition(".")[0] for name in tensors} | {""}
    counters = {
        f"{module}.{kind}".lstrip("."): torch.zeros(1, dtype=torch.float64)
        for module in modules
        for kind in ("total_ops", "total_params")
    }
    return tensors | counters


def averaged(prefix=""):
    """Today's running mean in PyTorch, which counts its updates."""
    return under(prefix, AveragedModel(NET).state_dict())


LIGHTNING = {
    "epoch": 3,
    "global_step": 100,
    "pytorch-lightning_version": "2.6.0",
    "state_dict": OrderedDict(under("model.")),
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
    "callbacks": {"ModelCheckpoint{'monitor': 'psnr'}": {"best_model_score": torch.tensor(30.5)}},
    "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1}]}],
    "lr_schedulers": [],
    "hparams_name": "kwargs",
    "hyper_parameters": {"scale": 4, "rate": 1e-3, "head": "pixelshuffle"},
}

KNOWN = {
    "nothing around it": (WEIGHTS, []),
    **{
        f"under {name}": (
            {name: WEIGHTS, "epoch": 3, "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}}},
            [f"The weights are those under {name}."],
        )
        for name in ("state_dict", "model", "model_state_dict", "net", "net_g", "params")
    },
    "under params_ema": ({"params_ema": WEIGHTS}, ["The weights are those under params_ema."]),
    "a running mean and its network": (
        {"params": RIVAL, "params_ema": WEIGHTS},
        [
            "The weights are those under params_ema, the running mean; those under params were "
            "left out."
        ],
    ),
    "under two names": (
        {"model": {"state_dict": WEIGHTS}, "epoch": 3},
        ["The weights are those under model.state_dict."],
    ),
    "in a list": ([WEIGHTS, {"epoch": 3}], ["The weights are those under 0."]),
    "under five names": (
        {"a": {"b": [{"c": {"d": WEIGHTS}}]}},
        ["The weights are those under a.b.0.c.d."],
    ),
    "the same weights twice": (
        {"model": WEIGHTS, "best": {name: tensor.clone() for name, tensor in WEIGHTS.items()}},
        ["The weights are those under model."],
    ),
    **{
        f"prefix {prefix}": (under(prefix), [f"{prefix} was taken off the names."])
        for prefix in (
            *("module.", "_orig_mod.", "net_g.", "model.", "generator."),
            *("module._orig_mod.", "_orig_mod.module.", "model.net_g.", "student."),
        )
    },
    "a discriminator beside it": (
        under("net_g.") | DISCRIMINATOR,
        [
            "net_g. was taken off the names.",
            "Other tensors were left out: net_d.conv.weight, net_d.conv.bias.",
        ],
    ),
    "a profiler's counters": (
        with_profiler(WEIGHTS),
        ["Counters were left out: total_ops, total_params."],
    ),
    "a profiler's counters, with a prefix": (
        under("module.", with_profiler(WEIGHTS)),
        [
            "Counters were left out: total_ops, total_params.",
            "module. was taken off the names.",
        ],
    ),
    "counters of batches": (
        WEIGHTS | {"body.0.norm.num_batches_tracked": torch.tensor(7)},
        ["Counters were left out: num_batches_tracked."],
    ),
    "a running mean by PyTorch": (
        averaged(),
        ["Counters were left out: n_averaged.", "module. was taken off the names."],
    ),
    "Lightning": (
        LIGHTNING,
        ["The weights are those under state_dict.", "model. was taken off the names."],
    ),
    "Lightning with a compiled network and a running mean inside": (
        LIGHTNING | {"state_dict": averaged("model._orig_mod.")},
        [
            "The weights are those under state_dict.",
            "Counters were left out: n_averaged.",
            "model._orig_mod.module. was taken off the names.",
        ],
    ),
}


def save(folder, content, name="net.pth"):
    torch.save(content, folder / name)
    return folder / name


@pytest.mark.parametrize(("content", "remarks"), KNOWN.values(), ids=KNOWN)
def test_weights_are_found_and_told(tmp_path, content, remarks):
    opened = open_checkpoint(save(tmp_path, content))
    assert opened.remarks == tuple(f"net.pth: {remark}" for remark in remarks)
    found = opened.net.state_dict()
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], WEIGHTS[name]) for name in found)


@pytest.mark.parametrize("config", NETWORKS)
def test_every_network_is_found_in_a_lightning_file(tmp_path, config):
    net = make_net(config)
    content = LIGHTNING | {"state_dict": under("model.", net.state_dict())}
    scale = config.scale if config.head == "mlp" and config.scale in (2, 3) else None
    opened = open_checkpoint(save(tmp_path, content, "last.ckpt"), scale=scale)
    assert opened.net.config == config
    assert opened.part == "state_dict"


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_safetensors_have_prefixes_too(tmp_path, prefix):
    save_file(under(prefix), tmp_path / "net.safetensors")
    opened = open_checkpoint(tmp_path / "net.safetensors")
    assert opened.part == "safetensors"
    assert opened.remarks == (f"net.safetensors: {prefix} was taken off the names.",)


def endless():
    """A mapping that holds itself, which pickle can."""
    content = {}
    content.update({str(number): content for number in range(100)})
    return content


REFUSED = {
    "two networks": (
        {"model": WEIGHTS, "net": RIVAL},
        r"several .* differ \(model and net\): save",
    ),
    "a running mean of another name": (
        {"model": WEIGHTS, "ema": RIVAL},
        r"differ \(model and ema\)",
    ),
    "two running means": (
        {"a": {"params_ema": WEIGHTS}, "b": {"params_ema": RIVAL}},
        r"differ \(a\.params_ema and b\.params_ema\)",
    ),
    "two prefixes": (
        {"state_dict": under("model.") | under("net_g.", RIVAL)},
        r"differ \(state_dict model\. and state_dict net_g\.\)",
    ),
    "two prefixes, one of them unknown": (
        under("student.") | under("teacher.", RIVAL),
        r"more than an SCNet: beside names that begin with student\. it has teacher\.",
    ),
    "an SCNet inside a larger network": (
        under("upscaler.") | {"denoiser.weight": torch.zeros(1)},
        r"more than an SCNet: beside names that begin with upscaler\. it has denoiser\.weight",
    ),
    "weights of another kind beside its own": (
        WEIGHTS | {"net.conv.weight": torch.zeros(1)},
        r"net\.conv\.weight is unknown",
    ),
    "a counter that is a weight": (
        WEIGHTS | {"total_ops": torch.zeros(2)},
        "total_ops is unknown",
    ),
    "a running mean that claims terabytes": (
        {"a": under("module."), "b": under("module.") | {"module.x": torch.zeros(1).expand(2**45)}},
        r"x claims \d+ bytes, but the file stores 4",
    ),
    "two in a list": ([WEIGHTS, RIVAL], r"differ \(0 and 1\)"),
    "itself, a hundred times, at every depth": (endless(), "nor is anything in it"),
    "no tensors at any depth": ({"model": {"a": 1}, "epoch": 3}, "nor is anything in it"),
    "a name that speaks to terminals": (
        {"\x1b[2J": WEIGHTS, "net": RIVAL},
        r"differ \(\\x1b\[2J and net\)",
    ),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_ambiguous_or_more_is_refused(tmp_path, content, message):
    with pytest.raises(CheckpointError, match=message) as caught:
        open_checkpoint(save(tmp_path, content))
    assert "\x1b" not in str(caught.value)


def test_a_lightning_file_with_classes_is_never_unpickled(tmp_path):
    """Hyperparameters may be objects; what to do is said."""
    content = LIGHTNING | {"hyper_parameters": pytest.raises}
    with pytest.raises(CheckpointError, match=r"never unpickled.*torch\.save\(net\.state_dict\(\)"):
        open_checkpoint(save(tmp_path, content, "last.ckpt"))


def test_another_protocol_of_pickles_is_named(tmp_path):
    torch.save(WEIGHTS, tmp_path / "net.pth", pickle_protocol=4)
    with pytest.raises(
        CheckpointError, match="another protocol than PyTorch's own, which is never"
    ):
        open_checkpoint(tmp_path / "net.pth")


def packed(content):
    """A .zip that holds what torch.save writes, or something else, well packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in content.items():
            target.writestr(name, part)
    return file.getvalue()


UNREADABLE = {
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
    "page": (b"<!DOCTYPE html><title>Not found", "web page"),
    "gzip": (gzip.compress(b"weights"), "packed by gzip"),
    "zip of files": (packed({"net.pth": b"weights"}), r"a \.zip of other files"),
    "safetensors": (safetensors_bytes(WEIGHTS), r"name it \.safetensors"),
    "bomb": (packed({"net/data.pkl": bytes(10**6)}), "unpack to 1,000,000 bytes"),
    "nothing": (b"", "damaged or was cut off"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_checkpoint_is_called_what_it_is(tmp_path, content, message):
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(tmp_path / "net.pth")


def test_a_pytorch_file_of_another_name_is_told(tmp_path):
    save(tmp_path, WEIGHTS).rename(tmp_path / "net.safetensors")
    with pytest.raises(CheckpointError, match=r"name it \.pth"):
        open_checkpoint(tmp_path / "net.safetensors")


OTHERS = {
    "RRDBNet": [
        ("conv_first.weight", "body.0.rdb1.conv1.weight", "conv_hr.weight", "conv_last.weight"),
        ("conv_first.weight", "RRDB_trunk.0.RDB1.conv1.weight", "trunk_conv.weight"),
        ("model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"),
    ],
    "SRVGGNetCompact": [("body.0.weight", "body.1.weight", "body.2.weight", "body.2.bias")],
    "HAT": [
        ("conv_first.weight", "layers.0.residual_group.overlap_attn.relative_position_bias_table")
    ],
    "SwinIR": [
        (
            "conv_first.weight",
            "layers.0.residual_group.blocks.0.attn.relative_position_bias_table",
            "conv_last.weight",
        )
    ],
    "EDSR": [
        ("conv_first.weight", "body.0.conv1.weight", "conv_after_body.weight", "conv_last.weight"),
        ("sub_mean.weight", "head.0.weight", "body.0.body.0.weight", "tail.0.0.weight"),
    ],
    "SRResNet": [
        *[("conv_first.weight", "body.0.conv1.weight", "upconv1.weight", "conv_hr.weight")],
        ("conv_first.weight", "upconv1.weight", "conv_hr.weight", "conv_last.weight"),
    ],
    "IMDN": [("fea_conv.weight", "IMDB1.c1.weight", "LR_conv.weight")],
    "RFDN": [("fea_conv.weight", "B1.c1_d.weight", "B1.c1_r.weight", "B1.esa.conv1.weight")],
    "SPAN": [("conv_1.sk.weight", "block_1.c1_r.sk.weight", "block_1.c1_r.eval_conv.weight")],
    "RLFN": [("conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv1.weight")],
    "FSRCNN": [
        ("first_part.0.weight", "mid_part.0.weight", "last_part.weight"),
        ("feature_extraction.0.weight", "shrink.0.weight", "map.0.weight", "deconv.weight"),
    ],
    "ESPCN": [
        ("first_part.0.weight", "first_part.2.weight", "last_part.0.weight"),
        ("feature_maps.0.weight", "sub_pixel.0.weight"),
        ("conv1.weight", "conv1.bias", "conv2.weight", "conv3.weight", "conv4.weight"),
    ],
}


@pytest.mark.parametrize("prefix", ["", "module.", "module._orig_mod."])
@pytest.mark.parametrize(
    ("network", "names"), [(key, names) for key, rows in OTHERS.items() for names in rows]
)
def test_another_network_is_named_first(tmp_path, network, names, prefix):
    content = {"params": {f"{prefix}{name}": torch.zeros(3, 3, 3, 3) for name in names}}
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(save(tmp_path, content))
    first = f"{tmp_path / 'net.pth'}: Not an SCNet but {network}"
    assert str(caught.value).startswith(first)
    assert "it takes" in str(caught.value)


@pytest.mark.parametrize("config", NETWORKS)
def test_no_scnet_is_taken_for_another_network(config):
    assert recognize(make_net(config).state_dict()) is None


@pytest.fixture
def lightning(tmp_path):
    """A small network in a file of Lightning, and a picture."""
    net = make_net(SCNetConfig(2, "direct", 8, 1))
    content = LIGHTNING | {"state_dict": under("model.", net.state_dict())}
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    (tmp_path / "pictures").mkdir()
    for name in ("a.png", "b.png"):
        Pillow.fromarray(pixels).save(tmp_path / "pictures" / name)
    return save(tmp_path, content, "last.ckpt")


COMMANDS = {
    "info": "info {net}",
    "convert": "convert {net} --format onnx --no-verify -o {out}",
    "upscale": "upscale {picture} --model {net} -o {out}.png",
    "evaluate": "evaluate {net} {pictures}",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_tell_it_on_stderr(tmp_path, lightning, command):
    places = {
        "net": lightning,
        "out": tmp_path / "out",
        "pictures": tmp_path / "pictures",
        "picture": tmp_path / "pictures/a.png",
    }
    words = [word.format(**places) for word in COMMANDS[command].split()]
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 0, done.output
    told = re.findall(r"^last\.ckpt: .*$", done.stderr, re.MULTILINE)
    assert told == [
        "last.ckpt: The weights are those under state_dict.",
        "last.ckpt: model. was taken off the names.",
    ]
    assert "last.ckpt: The" not in done.stdout
