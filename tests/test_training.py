import csv
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from networks import make_net
from PIL import Image as Pillow
from safetensors.torch import load_file

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.degradation import DEGRADATIONS
from mobile_runtime.imaging.metrics import bicubic, compare, resize_bicubic
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.errors import CheckpointError, TrainingError
from scnet.network import SCNet
from scnet.training import loop
from scnet.training.command import command as train_command
from scnet.training.degradation import PHOTO, to_gray
from scnet.training.epochs import PATCHES_PER_PICTURE, Epochs
from scnet.training.fake_quantization import enable_fake_quant
from scnet.training.interruption import Interruption
from scnet.training.loop import score, train, validate
from scnet.training.loss import LUMA, charbonnier_loss
from scnet.training.optimizer import Optimizer
from scnet.training.patches import load_dataset, sample_batch
from scnet.training.recipe import Recipe

RECIPE = Recipe(
    SCNetConfig(2, "direct", 8, 1), steps=6, batch=2, patch=8, warmup_steps=2, precision="32-true"
)


@pytest.fixture
def pictures(tmp_path):
    """Three pictures that can be trained on, and three that cannot."""
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in ("a.png", "b.png", "below/c.png"):
        pixels = random.integers(0, 256, (37, 45, 3), dtype=np.uint8)
        Pillow.fromarray(pixels).resize((90, 74)).save(folder / name)
    Pillow.new("RGB", (9, 9)).save(folder / "small.png")
    (folder / "text.png").write_text("no picture")
    (folder / "truncated.png").write_bytes((folder / "a.png").read_bytes()[:900])
    return folder


@pytest.fixture(autouse=True)
def _validate_often(monkeypatch):
    monkeypatch.setattr(loop, "VALIDATE_EVERY", 2)


def run(folder, pictures, stop_after=None, recipe=RECIPE):
    """Train; stop dead after some steps, as a kill would."""

    class Killed(BaseException):
        pass

    def on_step(step, loss):
        if step == stop_after:
            raise Killed

    folder.mkdir(exist_ok=True)
    judged_by = ["clean"] if recipe.degradation is None else list(DEGRADATIONS)
    dataset = load_dataset(pictures, scale=2, patch=8, judged_by=judged_by)
    try:
        train(recipe, dataset, folder, on_step=on_step)
    except Killed:
        return None
    return torch.load(folder / "state.pth", weights_only=True)


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, replace(RECIPE, qat=True), replace(RECIPE, degradation=PHOTO, batch=4)],
    ids=["exact", "qat", "photo"],
)
@pytest.mark.parametrize("kills", [[1], [3], [5], [2, 3, 5]])
def test_killed_and_resumed_run_equals_an_unbroken_one(tmp_path, pictures, kills, recipe):
    unbroken = run(tmp_path / "unbroken", pictures, recipe=recipe)
    for step in kills:
        assert run(tmp_path / "broken", pictures, step, recipe) is None
    assert equal(run(tmp_path / "broken", pictures, recipe=recipe), unbroken)
    ours, theirs = (tmp_path / name / "weights.safetensors" for name in ("broken", "unbroken"))
    assert equal(load_file(ours), load_file(theirs))


@pytest.mark.parametrize("stops", [[1], [2], [3, 4, 5], [1, 6]])
def test_stopped_and_resumed_run_equals_an_unbroken_one(tmp_path, pictures, stops):
    """Nothing is computed twice: each run goes on at the step after the one that it stopped at."""
    unbroken = run(tmp_path / "unbroken", pictures)
    folder, dataset, taken = tmp_path / "broken", load_dataset(pictures, scale=2, patch=8), []
    folder.mkdir()
    for stop in stops:
        stopped = train(
            RECIPE,
            dataset,
            folder,
            on_step=lambda step, loss: taken.append(step),
            should_stop=lambda stop=stop: taken[-1] >= stop,
        )
        assert stopped == stop
    assert taken == list(range(1, stops[-1] + 1))
    assert equal(run(folder, pictures), unbroken)
    ours, theirs = (tmp_path / name / "weights.safetensors" for name in ("broken", "unbroken"))
    assert ours.read_bytes() == theirs.read_bytes()
    assert (folder / "log.csv").read_bytes() == (tmp_path / "unbroken" / "log.csv").read_bytes()


TERMINAL_RUN = [
    "--scale",
    "2",
    "--head",
    "direct",
    "--steps",
    "150",
    "--patch",
    "8",
    "--batch",
    "1",
]


def train_in_terminal(pictures, output, *options, signal_number=None):
    """Run the program in a terminal of 80 columns, and signal it as soon as it has taken steps.

    Returns:
        Its exit code, and all that it printed.
    """
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "converters", "train", pictures, "-o", output, *TERMINAL_RUN]
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    printed = b""
    with (
        open(ours, "rb", buffering=0) as terminal,  # noqa: PTH123
        subprocess.Popen([*command, *options], stderr=theirs, env=environment) as ran,
    ):
        os.close(theirs)
        while piece := read_terminal(terminal):
            printed += piece
            if signal_number is not None and b"loss" in printed:
                ran.send_signal(signal_number)
                signal_number = None
    return ran.returncode, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode())


def read_terminal(terminal):
    """Return the next bytes; none once the program has closed its end."""
    try:
        return terminal.read(4096)
    except OSError:
        return b""


def test_interrupted_run_can_be_resumed(tmp_path, pictures):
    """Really interrupted, and really resumed: as good as never interrupted."""
    assert train_in_terminal(pictures, tmp_path / "unbroken")[0] == 0
    broken, options = tmp_path / "broken", ()
    for number in (signal.SIGINT, signal.SIGTERM):
        code, printed = train_in_terminal(pictures, broken, *options, signal_number=number)
        assert code == 128 + number
        assert printed.count("Stopping after this step") == 1
        (last,) = re.findall(r"Stopped at step (\d+) of 150, state saved: .* --resume", printed)
        assert torch.load(broken / "state.pth", weights_only=True)["step"] == int(last)
        assert not (broken / "weights.safetensors").exists()  # nothing was validated yet
        options = ("--resume",)
    code, printed = train_in_terminal(pictures, broken, *options)
    assert code == 0
    bars = [line for line in re.split(r"[\r\n]+", printed) if line.startswith("loss")]
    assert 0 < max(map(len, bars)) <= 80
    states = [torch.load(tmp_path / name / "state.pth", weights_only=True) for name in RUNS]
    assert equal(*states)
    assert len({(tmp_path / name / "weights.safetensors").read_bytes() for name in RUNS}) == 1


RUNS = ("broken", "unbroken")


def test_a_second_signal_does_what_it_always_does(capfd):
    before = signal.default_int_handler
    # Jobs in the background of a shell are started with SIGINT ignored.
    signal.signal(signal.SIGINT, before)
    with Interruption("Stopping.") as interruption:
        assert interruption.received is None
        os.kill(os.getpid(), signal.SIGINT)
        assert (interruption.received, interruption.exit_code) == (signal.SIGINT, 130)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr().err == "\nStopping.\n"


def test_more_steps_are_another_run(tmp_path, pictures):
    """The rate has fallen to 0 by the last step, and would have to rise again."""
    run(tmp_path / "run", pictures)
    with pytest.raises(
        CheckpointError, match=r"6 steps and cannot go on to 8, .*--start .*run/wei"
    ):
        run(tmp_path / "run", pictures, recipe=replace(RECIPE, steps=8))
    longer = start(pictures, tmp_path / "other", "--steps", "3")
    assert longer.exit_code == 0
    refused = start(pictures, tmp_path / "other", "--steps", "5", "--resume")
    assert "cannot go on to 5" in str(refused.exception)


def test_bicubic_is_printed_beside_ours(tmp_path, pictures):
    dataset = load_dataset(pictures, scale=2, patch=8)
    (pair,) = dataset.validation
    expected = compare(pair.high_res, resize_bicubic(pair.low_res, 2), border=2).psnr_db
    assert score(bicubic(2), dataset) == pytest.approx(expected)
    found = start(pictures, tmp_path / "run")
    assert re.search(rf"step 1: loss .* dB \(bicubic {expected:.2f} dB\)$", found.stderr, re.M)


def test_run_leaves_weights_log_and_state(tmp_path, pictures):
    run(tmp_path / "run", pictures)
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"weights.safetensors", "log.csv", "state.pth", "curve.png"}
    with Pillow.open(tmp_path / "run" / "curve.png") as curve:
        assert len(set(curve.convert("L").tobytes())) > 10
    weights = open_checkpoint(tmp_path / "run" / "weights.safetensors")
    assert weights.net.config == RECIPE.network
    assert weights.notes["recipe"].startswith("6 steps, batch 2, 8x8 low-resolution patches, ")
    with (tmp_path / "run" / "log.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4", "6"]


def test_weights_for_8_bits_are_judged_with_their_features_rounded(tmp_path, pictures):
    dataset = load_dataset(pictures, scale=2, patch=8)
    run(tmp_path / "run", pictures, recipe=replace(RECIPE, qat=True))
    net = open_checkpoint(tmp_path / "run" / "weights.safetensors").net
    exact = validate(net, dataset)
    enable_fake_quant(net)
    with (tmp_path / "run" / "log.csv").open() as file:
        best = max(float(row["psnr_db"]) for row in csv.DictReader(file))
    assert validate(net, dataset) == pytest.approx(best, abs=1e-6)
    assert validate(net, dataset) != pytest.approx(exact, abs=1e-6)


def test_state_of_another_recipe_is_refused(tmp_path, pictures):
    run(tmp_path / "run", pictures)
    other = replace(RECIPE, network=replace(RECIPE.network, width=16), steps=8)
    with pytest.raises(
        CheckpointError,
        match=r"another recipe: steps was 6, now is 8; width was 8, now is 16\. Use",
    ):
        train(other, load_dataset(pictures, scale=2, patch=8), tmp_path / "run")


def test_state_of_other_pictures_is_refused(tmp_path, pictures):
    """Else every 25th would be another one, and the best weights those of easier pictures."""
    run(tmp_path / "run", pictures)
    (pictures / "d.png").write_bytes((pictures / "a.png").read_bytes())
    with pytest.raises(
        CheckpointError, match=r"another recipe: pictures was \w+, now is \w+\. Use"
    ):
        run(tmp_path / "run", pictures)


def test_state_of_other_processes_is_refused(tmp_path, pictures):
    state = run(tmp_path / "run", pictures)
    state["terms"]["processes"] = 2
    torch.save(state, tmp_path / "run" / "state.pth")
    with pytest.raises(CheckpointError, match="processes was 2, now is 1"):
        run(tmp_path / "run", pictures)


def test_resumed_run_knows_its_licence(tmp_path, pictures):
    folder, dataset = tmp_path / "run", load_dataset(pictures, scale=2, patch=8)
    folder.mkdir()
    train(replace(RECIPE, steps=2), dataset, folder, notes={"licence": "CC BY 4.0"})
    (folder / "weights.safetensors").unlink()
    state = torch.load(folder / "state.pth", weights_only=True)
    torch.save({**state, "step": 0, "history": []}, folder / "state.pth")
    with pytest.raises(CheckpointError, match=r"licence was CC BY 4\.0, now is MIT"):
        train(replace(RECIPE, steps=2), dataset, folder, notes={"licence": "MIT"})
    train(replace(RECIPE, steps=2), dataset, folder, notes={"source": "here"})
    notes = open_checkpoint(folder / "weights.safetensors").notes
    assert (notes["licence"], notes["source"]) == ("CC BY 4.0", "here")


def test_diverged_run_stops_and_keeps_what_it_had(tmp_path, pictures):
    recipe = replace(RECIPE, rate=1e30, warmup_steps=1)
    with pytest.raises(TrainingError, match=r"diverged: at step \d+ the loss is nan.*lower --rate"):
        train(recipe, load_dataset(pictures, scale=2, patch=8), tmp_path)
    for path in tmp_path.glob("weights.safetensors"):
        open_checkpoint(path)  # all its values are finite


def test_run_starts_from_the_body_of_another_scale(tmp_path, pictures):
    first = run(tmp_path / "first", pictures)["net"]
    weights = tmp_path / "first" / "weights.safetensors"
    taken = open_checkpoint(weights).net.state_dict()
    for scale in (2, 3):
        folder = tmp_path / f"x{scale}"
        folder.mkdir()
        recipe = replace(
            RECIPE,
            network=replace(RECIPE.network, scale=scale),
            steps=1,
            rate=1e-9,
        )
        dataset = load_dataset(pictures, scale=scale, patch=8)
        train(recipe, dataset, folder, start=open_checkpoint(weights))
        begun = torch.load(folder / "state.pth", weights_only=True)["net"]
        near = {
            name: torch.allclose(begun[name], taken[name])
            for name in first
            if scale == 2 or "last" not in name
        }
        assert all(near.values()), near


def test_start_whose_features_are_large_or_small_trains_like_any_other(tmp_path, pictures):
    """A matrix a thousand times as small would be lost in a step, as Muon moves all alike."""
    found = []
    for factor in (1, 2.0**10, 2.0**-12):
        net = make_net(RECIPE.network)
        with torch.no_grad():
            net.body[0].conv1.weight.mul_(factor)
            net.body[0].conv1.bias.mul_(factor)
            net.body[0].conv2.weight.div_(factor)
        save_weights(net, tmp_path / "start.safetensors", {})
        folder = tmp_path / f"times {factor}"
        folder.mkdir()
        begun = open_checkpoint(tmp_path / "start.safetensors")
        train(RECIPE, load_dataset(pictures, scale=2, patch=8), folder, start=begun)
        found.append(load_file(folder / "weights.safetensors"))
    assert equal(found[1], found[0])
    assert equal(found[2], found[0])


def test_start_from_another_body_is_refused(tmp_path, pictures):
    run(tmp_path / "first", pictures)
    wider = replace(RECIPE.network, width=16)
    first = open_checkpoint(tmp_path / "first" / "weights.safetensors")
    recipe = replace(RECIPE, network=wider)
    with pytest.raises(CheckpointError, match="has width 8 and depth 1, the new network 16 and 1"):
        train(recipe, load_dataset(pictures, scale=2, patch=8), tmp_path, start=first)


def test_short_run_keeps_up_with_its_mean(tmp_path, pictures):
    """The mean of a few steps lies nearer to the last weights than to the first."""
    state = run(tmp_path / "run", pictures)
    torch.manual_seed(RECIPE.seed)
    first = SCNet(RECIPE.network).state_dict()
    name = "body.0.conv1.weight"
    mean, last = state["mean_net"][f"module.{name}"], state["net"][name]
    assert torch.dist(mean, last) < torch.dist(mean, first[name])


def test_two_processes_train_one_network(tmp_path, pictures):
    """`fabric run` shares gradients: the first process alone would find other weights."""
    scripts = Path(sysconfig.get_path("scripts"))
    fabric = [scripts / "fabric", "run", "--accelerator=cpu", "--devices=2", "--strategy=ddp"]
    found = []
    for name, launcher in {"one": [sys.executable], "two": fabric}.items():
        command = [*launcher, scripts / "scnet", "train", pictures, "-o", tmp_path / name, *SMALL]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.count("Best weights") == 1
        found.append(load_file(tmp_path / name / "weights.safetensors"))
    assert found[0].keys() == found[1].keys()
    assert not equal(*found)


FOREIGN = {
    "truncated": (lambda state: None, "is damaged or was cut off"),
    "no dict": (lambda state: [1, 2], "is not the state of a training run"),
    "no recipe": (lambda state: {"step": 1}, "is not the state of a training run"),
    "no optimizer": (
        lambda state: {name: part for name, part in state.items() if name != "optimizer"},
        "is not the state of a training run",
    ),
    "another network": (lambda state: {**state, "net": {}}, "is not the state of a training run"),
    "no step": (lambda state: {**state, "step": "two"}, "is not the state of a training run"),
}


@pytest.mark.parametrize(("change", "message"), FOREIGN.values(), ids=list(FOREIGN))
def test_state_that_is_none_is_refused(tmp_path, pictures, change, message):
    state = run(tmp_path / "run", pictures)
    path = tmp_path / "run" / "state.pth"
    changed = change(state)
    if changed is None:
        path.write_bytes(path.read_bytes()[:500])
    else:
        torch.save(changed, path)
    with pytest.raises(CheckpointError, match=message):
        run(tmp_path / "run", pictures)


def test_training_learns(tmp_path, pictures):
    recipe = Recipe(SCNetConfig(2, "direct", 8, 1), steps=60, batch=4, patch=8, warmup_steps=5)
    found = []
    dataset = load_dataset(pictures, scale=2, patch=8)
    train(recipe, dataset, tmp_path, on_progress=lambda progress: found.append(progress.loss))
    assert np.mean(found[-5:]) < 0.9 * np.mean(found[:5])


def test_update_moves_all_directions_of_a_matrix_alike():
    """Strengths 100 times apart: each direction moves 0.6 to 1.3 times as far as Adam's would."""
    torch.manual_seed(0)
    net = torch.nn.Conv2d(8, 8, 1)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    strengths = torch.logspace(0, -2, 8)
    net.weight.grad = (torch.linalg.qr(torch.randn(8, 8))[0] * strengths)[..., None, None]
    net.bias.grad = strengths.clone()
    Optimizer(net).step(rate=0.1)
    moved = torch.linalg.svdvals((net.weight - before["weight"]).detach().flatten(1))
    assert 0.6 < moved.min() / (0.1 * 0.2 * 8**0.5) < moved.max() / (0.1 * 0.2 * 8**0.5) < 1.3
    assert torch.allclose(before["bias"] - net.bias, torch.tensor(0.1))


def test_loss_counts_y_and_every_colour():
    """An error that leaves Y as it is costs what it costs in R, G and B alone."""
    target = torch.rand(1, 3, 2, 2)
    unseen = torch.tensor([LUMA[1], -LUMA[0], 0])[:, None, None] * 0.5
    found = charbonnier_loss(target + unseen, target, epsilon=0, luma_weight=4)
    assert found == pytest.approx(float(unseen.abs().mean()))
    gray = charbonnier_loss(target + 0.1, target, epsilon=0, luma_weight=4)
    assert gray == pytest.approx(0.5)
    assert charbonnier_loss(target, target, epsilon=0.03, luma_weight=4) == pytest.approx(0.15)


def test_unusable_pictures_are_named_and_skipped(pictures):
    dataset = load_dataset(pictures, scale=2, patch=8)
    assert len(dataset.training) == 2
    assert len(dataset.validation) == 1
    assert len(dataset.skipped) == 3
    for name in ("small.png", "text.png", "truncated.png"):
        assert any(name in reason for reason in dataset.skipped)


def test_too_few_pictures_are_an_error(tmp_path):
    with pytest.raises(ImageError, match="holds no picture"):
        load_dataset(tmp_path, scale=2, patch=8)
    Pillow.new("RGB", (64, 64)).save(tmp_path / "one.png")
    with pytest.raises(ImageError, match="needs at least 2"):
        load_dataset(tmp_path, scale=2, patch=8)


def test_patches_of_a_pair_show_the_same_place(pictures):
    """Bicubic upscaling of the low-resolution patches resembles the high-resolution ones."""
    dataset = load_dataset(pictures, scale=2, patch=16)
    low_res, high_res = sample_batch(dataset.training, patch=16, batch=32, seed=(0, 1))
    assert low_res.shape == (32, 3, 16, 16)
    assert high_res.shape == (32, 3, 32, 32)
    for low, high in zip(low_res, high_res, strict=True):
        restored = bicubic(2)(low[None].numpy())[0]
        assert np.corrcoef(restored.ravel(), high.numpy().ravel())[0, 1] > 0.95


def test_batches_differ_from_step_to_step_and_not_from_run_to_run(pictures):
    pairs = load_dataset(pictures, scale=2, patch=8).training
    first = sample_batch(pairs, patch=8, batch=4, seed=(0, 1, 0))[0]
    assert torch.equal(first, sample_batch(pairs, patch=8, batch=4, seed=(0, 1, 0))[0])
    assert not torch.equal(first, sample_batch(pairs, patch=8, batch=4, seed=(0, 2, 0))[0])


def test_photo_pictures_change_with_every_epoch_and_not_from_run_to_run(pictures):
    """Two pictures, 4 patches a step: 4 steps an epoch."""
    recipe = replace(RECIPE, degradation=replace(PHOTO, clean_share=0), batch=4, steps=12)
    clean = load_dataset(pictures, scale=2, patch=8).training
    with Epochs(clean, recipe) as epochs:
        assert epochs.steps == PATCHES_PER_PICTURE * 2 // 4
        seen = [epochs.pairs(step) for step in (0, 3, 4, 8)]
    with Epochs(clean, recipe) as resumed:
        later = resumed.pairs(9)
    first, same, second, third = ([pair.low_res.tobytes() for pair in pairs] for pairs in seen)
    assert first == same
    assert len({*first, *second, *third, *(pair.low_res.tobytes() for pair in clean)}) == 8
    assert third == [pair.low_res.tobytes() for pair in later]
    for pair, source in zip(later, clean, strict=True):
        assert pair.low_res.shape == source.low_res.shape
        assert (pair.high_res == source.high_res).all()


def test_gray_samples_are_gray_in_both_halves(pictures):
    recipe = replace(RECIPE, degradation=replace(PHOTO, gray_share=1))
    clean = load_dataset(pictures, scale=2, patch=8).training
    with Epochs(clean, recipe) as epochs:
        for pair, source in zip(epochs.pairs(0), clean, strict=True):
            assert (pair.high_res == to_gray(source.high_res)).all()
            assert (pair.low_res == pair.low_res[..., :1]).all()


def test_clean_run_starts_no_process(pictures):
    pairs = load_dataset(pictures, scale=2, patch=8).training
    with Epochs(pairs, RECIPE) as epochs:
        assert epochs.pairs(5) is pairs
        assert multiprocessing.active_children() == []


def test_weights_for_photos_are_judged_by_every_degradation(pictures):
    dataset = load_dataset(pictures, scale=2, patch=8, judged_by=list(DEGRADATIONS))
    truth = dataset.validation[0].high_res
    assert len(dataset.validation) == len(DEGRADATIONS)
    for pair, degrade in zip(dataset.validation, DEGRADATIONS.values(), strict=True):
        assert pair.high_res is truth
        assert (pair.low_res == degrade(truth, 2)).all()
    clean = load_dataset(pictures, scale=2, patch=8)
    assert clean.fingerprint() != dataset.fingerprint()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_of_a_killed_run_end(tmp_path, pictures):
    """They would wait for ever, and keep its memory."""
    options = [*SMALL[:-4], "--steps", "100000", "--patch", "8", "--degradation", "photo"]
    command = [sys.executable, "-m", "converters", "train", pictures, "-o", tmp_path / "run"]
    with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as ran:
        workers = wait_for(lambda: find_workers(ran.pid))
        ran.kill()
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def find_workers(parent):
    """Ids of the processes that a process has started, where Linux tells them."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "too late"
        time.sleep(0.1)
    return found


def test_command_trains_for_photos(tmp_path, pictures):
    done = start(pictures, tmp_path / "run", "--degradation", "photo")
    assert done.exit_code == 0, done.output
    notes = open_checkpoint(tmp_path / "run" / "weights.safetensors").notes
    assert "degradation photo" in notes["recipe"]
    assert notes["degradation"] == "photo"
    other = start(pictures, tmp_path / "run", "--resume")
    assert isinstance(other.exception, CheckpointError)
    assert "degradation was {'clean_share'" in str(other.exception)
    refused = start(pictures, tmp_path / "other", "--degradation", "jpeg")
    assert refused.exit_code == 2
    assert "photo" in refused.output


def test_rate_climbs_and_falls_to_zero():
    rates = [RECIPE.rate_at(step) for step in range(RECIPE.steps + 1)]
    assert rates[1] == max(rates) == RECIPE.rate
    assert rates[-1] == pytest.approx(0)


SMALL = ["--scale", "2", "--head", "direct", "--steps", "1", "--patch", "8", "--batch", "1"]


def start(pictures, output, *options):
    return CliRunner().invoke(train_command, [str(pictures), "-o", str(output), *SMALL, *options])


def test_command_refuses_to_overwrite_a_run(tmp_path, pictures):
    first = start(pictures, tmp_path / "run")
    assert first.exit_code == 0, first.stderr
    assert "text.png" in first.stderr
    again = start(pictures, tmp_path / "run")
    assert again.exit_code == 2
    assert "--resume" in again.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--steps", "0"),
        ("--batch", "0"),
        ("--patch", "-1"),
        ("--seed", "-1"),
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--rate", "inf"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path, pictures, option, value):
    result = start(pictures, tmp_path / "run", option, value)
    assert result.exit_code == 2
    assert option in result.output
    assert not (tmp_path / "run").exists()


def test_weights_keep_the_licence_of_those_they_began_from(tmp_path, pictures):
    first = start(pictures, tmp_path / "first", "--licence", "CC BY-NC 4.0")
    assert first.exit_code == 0, first.output
    weights = tmp_path / "first" / "weights.safetensors"
    second = start(pictures, tmp_path / "second", "--start", str(weights))
    assert second.exit_code == 0, second.output
    notes = open_checkpoint(tmp_path / "second" / "weights.safetensors").notes
    assert notes["licence"] == "CC BY-NC 4.0"
    assert "weights.safetensors " in notes["recipe"]
    assert str(tmp_path) not in notes["recipe"]


def test_start_from_nothing_is_refused_before_anything_is_made(tmp_path, pictures):
    result = start(pictures, tmp_path / "run", "--start", str(tmp_path / "none.safetensors"))
    assert isinstance(result.exception, CheckpointError)
    assert not (tmp_path / "run").exists()


def test_start_from_another_body_is_refused_before_pictures_are_read(tmp_path):
    save_weights(SCNet(SCNetConfig(2, "direct", 8, 1)), tmp_path / "small.safetensors", {})
    result = start(
        tmp_path / "nowhere", tmp_path / "run", "--start", str(tmp_path / "small.safetensors")
    )
    assert isinstance(result.exception, CheckpointError)
    assert "width 8 and depth 1" in str(result.exception)


@pytest.mark.parametrize("name", ["weights.safetensors", "log.csv", "curve.png"])
def test_files_of_no_run_are_not_written_over(tmp_path, pictures, name):
    (tmp_path / name).write_text("precious")
    result = start(pictures, tmp_path)
    assert result.exit_code == 2
    assert "name another folder" in " ".join(result.output.split())
    assert (tmp_path / name).read_text() == "precious"


def test_nothing_to_resume_is_an_error(tmp_path, pictures):
    result = start(pictures, tmp_path / "run", "--resume")
    assert result.exit_code == 2
    assert "no state.pth" in result.output


def test_output_that_is_a_file_is_an_error(tmp_path, pictures):
    (tmp_path / "run").touch()
    result = start(pictures, tmp_path / "run")
    assert result.exit_code == 2
    assert "is a file" in result.output


def test_names_of_skipped_pictures_are_no_markup(tmp_path, pictures):
    (pictures / "[bold]x[").mkdir()
    (pictures / "[bold]x[" / "[red]y.png").write_text("no picture")
    result = start(pictures, tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "[bold]x[/[red]y.png" in "".join(result.output.split())
