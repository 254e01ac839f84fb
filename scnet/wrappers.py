"""The weights of an SCNet inside what training programs save: wrappers, prefixes, counters.

BasicSR saves `params` and `params_ema`; Lightning `state_dict`, whose names begin with that of the
module's attribute; others `model`, `model_state_dict`, `net` or `net_g`. DataParallel puts
`module.` before each name, torch.compile `_orig_mod.`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from scnet.errors import CheckpointError
from scnet.state_dict import check_tensors, list_names, show_name

Tensors = Mapping[str, Tensor]

ALL = "state dict"
"""Part of a file that holds nothing else."""

RUNNING_MEAN, CURRENT = "params_ema", "params"
"""BasicSR's two sets of weights; the running mean is the better one, and is taken."""

COUNTERS = ("n_averaged", "num_batches_tracked", "total_ops", "total_params")
"""Last parts of names that are no weights: of running means, batch norms and profilers."""

WRAPPERS = ("_orig_mod", "generator", "model", "module", "net", "net_g")
"""Parts of prefixes that may stand beside other networks, such as a discriminator."""

OURS = ("conv_first.weight", "conv_hr.weight", "conv_last.weight")
"""Names that every SCNet has."""

MOST_LEVELS = 16
"""How deep the weights may lie in a file, which could be nested without end."""


@dataclass(frozen=True)
class Weights:
    """A set of weights in a file, not yet checked."""

    tensors: Tensors
    part: str
    """Where it is in the file, such as `params_ema` or `state_dict`; `ALL` if nothing else is."""
    prefix: str = ""
    """What all of its names began with."""
    remarks: tuple[str, ...] = ()
    """What was taken off or left out, one sentence each."""


def unwrap(content: Any) -> Weights:
    """Return the only weights of an SCNet in a file; if there are none, those of another network.

    Args:
        content: Tensors and plain containers, from an untrusted file.

    Raises:
        CheckpointError: It holds no mapping from names to tensors, several SCNets that differ, or
            one among other things that are no wrapper's.
    """
    if isinstance(content, Mapping) and "mean_net" in content:
        raise CheckpointError(
            "It is the state of a run of `scnet train`: take weights.safetensors beside it."
        )
    found = list(_find_tensors(content))
    if not found:
        raise CheckpointError("It is not a mapping from names to tensors, nor is anything in it.")
    ours = [weights for part, tensors in found for weights in strip_names(tensors, part)]
    return _choose(ours) if ours else _strip_foreign(*max(found, key=lambda each: len(each[1])))


def strip_names(tensors: Tensors, part: str) -> Iterator[Weights]:
    """Yield the SCNets in a state dict, without the prefixes of their names, and without counters.

    Raises:
        CheckpointError: There is more than one, or something else that is no wrapper's.
    """
    kept, remarks = _leave_counters_out(tensors)
    for prefix in sorted(name.removesuffix(OURS[0]) for name in kept if _is_first(name)):
        if not all(prefix + name in kept for name in OURS):
            continue
        inside = {name.removeprefix(prefix): kept[name] for name in kept if name.startswith(prefix)}
        outside = [name for name in kept if not name.startswith(prefix)]
        if outside and not set(prefix.split(".")[:-1]) <= {*WRAPPERS}:
            raise CheckpointError(
                f"It holds more than an SCNet: beside names that begin with {show_name(prefix)} it "
                f"has {list_names(outside)}. Save the state_dict() of the SCNet alone."
            )
        told = [f"{show_name(prefix)} was taken off the names."] if prefix else []
        if outside:
            told.append(f"Other tensors were left out: {list_names(outside)}.")
        yield Weights(inside, part, prefix, (*remarks, *told))


def _find_tensors(
    content: Any, path: tuple[str, ...] = (), seen: set[int] | None = None
) -> Iterator[tuple[str, Tensors]]:
    """Yield where all mappings from names to tensors are, and the mappings, each once."""
    seen = set() if seen is None else seen
    if not isinstance(content, Mapping | list | tuple) or (path and not content):
        return
    if id(content) in seen or len(path) > MOST_LEVELS:
        return
    seen.add(id(content))
    if isinstance(content, Mapping) and all(map(_is_named_tensor, content.items())):
        yield ".".join(path) or ALL, content
        return
    parts = content.items() if isinstance(content, Mapping) else enumerate(content)
    for key, value in parts:
        yield from _find_tensors(value, (*path, str(key)), seen)


def _is_named_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _is_first(name: str) -> bool:
    return name == OURS[0] or name.endswith(f".{OURS[0]}")


def _leave_counters_out(tensors: Tensors) -> tuple[Tensors, tuple[str, ...]]:
    """Return the tensors that may be weights, and a remark on the others if there are any."""
    counters = {
        name: name.rpartition(".")[2]
        for name, tensor in tensors.items()
        if name.rpartition(".")[2] in COUNTERS and tensor.numel() == 1
    }
    if not counters:
        return tensors, ()
    kept = {name: tensor for name, tensor in tensors.items() if name not in counters}
    kinds = ", ".join(sorted(set(counters.values())))
    return kept, (f"Counters were left out: {kinds}.",)


def _strip_foreign(part: str, tensors: Tensors) -> Weights:
    """Return another network's tensors without counters and wrappers' prefixes, to be refused."""
    kept, remarks = _leave_counters_out(tensors)
    while {name.partition(".")[0] for name in kept} in [{wrapper} for wrapper in WRAPPERS]:
        kept = {name.partition(".")[2]: tensor for name, tensor in kept.items()}
    return Weights(kept, part, remarks=remarks)


def _choose(ours: Sequence[Weights]) -> Weights:
    """Return the weights to take, with a remark on where they are.

    Raises:
        CheckpointError: Some differ, and nothing says which to take.
    """
    mean = [weights for weights in ours if weights.part.endswith(RUNNING_MEAN)]
    taken = [weights for weights in ours if not (mean and weights.part.endswith(CURRENT))]
    for weights in taken:
        check_tensors(weights.tensors)
    first, *rivals = taken
    if any(_differ(first.tensors, weights.tensors) for weights in rivals):
        places = " and ".join(show_name(f"{each.part} {each.prefix}".strip()) for each in taken)
        raise CheckpointError(
            f"It holds several SCNets that differ ({places}): save one of them alone, such as "
            "torch.save(torch.load(FILE)[NAME], 'weights.pth')."
        )
    if first.part == ALL:
        return first
    left = ", the running mean; those under params were left out" if len(taken) < len(ours) else ""
    where = f"The weights are those under {show_name(first.part)}{left}."
    return replace(first, remarks=(where, *first.remarks))


def _differ(one: Tensors, other: Tensors) -> bool:
    """Return whether two sets of checked tensors are not the same."""
    return one.keys() != other.keys() or not all(
        one[name].dtype == other[name].dtype and torch.equal(one[name], other[name]) for name in one
    )
