"""Damaged and inconsistent model files: case `number` of a `seed` is always the same one.

A case damages a copy of a folder that holds model files of every format with all that belongs to
them: their bytes at random, or one fact so that the rest contradicts it.
"""

import hashlib
import json
from functools import partial
from pathlib import Path
from random import Random

from model_files import corrupt, list_parts

from fuzzing.inconsistent_metadata import INCONSISTENCIES
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.manifest import manifest_path

PARTS = {"model": 10, "fact": 6, "manifest": 3, "golden": 1}
"""What is damaged, and how often."""

VALUES = (
    *(None, True, -1, 0, 1, 5, 2**31, 2**63, 1e308, 1e-300),
    *("", "x", "\0", "../outside.f32", "/etc/hostname", "golden", "[" * 9999, "x" * 99999),
    *([], [1], {}, {"x": 1}, [[]]),
)
"""What stands in a manifest instead of what should."""


def damage(folder: Path, seed: int, number: int) -> tuple[Path, str]:
    """Damage a file in a folder that holds model files of every format.

    Returns:
        The model file, and what was done to it or to what belongs to it.
    """
    random = Random(f"{seed}/{number}")
    suffix = random.choice(list(FORMAT_OF_SUFFIX))
    model = random.choice(list_models(folder, suffix))
    (part,) = random.choices(list(PARTS), PARTS.values())
    if part == "manifest":
        return model, damage_manifest(manifest_path(model), random)
    if part == "golden":
        return model, damage_golden(manifest_path(model), random)
    if random.random() < 0.9:  # else the manifest says that the file is another one
        manifest_path(model).unlink()
    if part == "fact":
        name, change = random.choice(list(INCONSISTENCIES[suffix].items()))
        change(model, random)
        return model, f"{model.name}: {name}"
    return model, damage_bytes(random.choice(list_parts(model)), random)


def list_models(folder: Path, suffix: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == suffix)


def damage_bytes(path: Path, random: Random) -> str:
    name, change = random.choice(list(CHANGES.items()))
    path.write_bytes(change(path.read_bytes(), random))
    return f"{path.name}: {name}"


def damage_manifest(path: Path, random: Random) -> str:
    """Damage the text, or put something else in place of one value, wherever it stands."""
    if random.random() < 0.2:
        return damage_bytes(path, random)
    tree = json.loads(path.read_text())
    holder, key = random.choice(list(list_places(tree)))
    holder[key] = random.choice(VALUES)
    path.write_text(json.dumps(tree))
    return f"{path.name}: {key} is {str(holder[key])[:20]!r}"


def list_places(tree):
    """Every place of a JSON tree where a value stands: (holder, key)."""
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from list_places(tree[key])


def damage_golden(path: Path, random: Random) -> str:
    """Damage a sample; half of the time the manifest vouches for the damage."""
    tree = json.loads(path.read_text())
    sample, side = random.choice(tree["golden"]), random.choice(["input", "output"])
    golden = path.parent / sample[side]
    done = damage_bytes(golden, random)
    if random.random() < 0.5:
        return done
    sample[f"{side}_sha256"] = hashlib.sha256(golden.read_bytes()).hexdigest()
    path.write_text(json.dumps(tree))
    return f"{done}, with its hash"


def cut(content, random):
    return content[: int(len(content) * random.random())]


def overwrite(content, random):
    start, end = stretch(content, random)
    return content[:start] + random.randbytes(end - start) + content[end:]


def zero(content, random):
    start, end = stretch(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def remove(content, random):
    start, end = stretch(content, random)
    return content[:start] + content[end:]


def duplicate(content, random):
    start, end = stretch(content, random)
    return content[:end] + content[start:]


def replace_all(content, random):
    return random.randbytes(random.choice([1, 100, 100_000]))


def keep_magic(content, random):
    return content[: random.choice([8, 32, 128])] + random.randbytes(random.choice([100, 100_000]))


def stretch(content, random):
    """Some of the file: a few bytes as often as much of it."""
    start = random.randrange(len(content) + 1)
    length = random.choice([1, 4, 64, 1024, len(content)])
    return start, min(len(content), start + random.randrange(length + 1))


CHANGES = {
    "0 bytes": lambda content, random: b"",
    "cut off": cut,
    "a few bytes changed": partial(corrupt, counts=(1, 4, 16, 64)),
    "overwritten": overwrite,
    "zeros": zero,
    "a stretch removed": remove,
    "a stretch twice": duplicate,
    "noise": replace_all,
    "noise after the magic number": keep_magic,
}
