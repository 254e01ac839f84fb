"""Other super-resolution networks, told by the names of their tensors, so that refusals name them.

The names are those of the published implementations: BasicSR, the authors' repositories, and for
SRCNN, ESPCN and FSRCNN, whose authors used other frameworks, PyTorch versions in wide use.
"""

import re
from collections.abc import Iterable, Mapping

_NAMES: Mapping[str, tuple[str, ...]] = {
    "RRDBNet (ESRGAN, Real-ESRGAN)": (
        r"(body\.0\.rdb1|RRDB_trunk\.0\.RDB1)\.conv1\.weight|(model\.)?1\.sub\.0\.RDB1\.conv1\.0\.weight",
    ),
    "SRVGGNetCompact (Real-ESRGAN)": (r"body\.0\.weight", r"body\.1\.weight", r"body\.2\.weight"),
    "HAT": (r"layers\.0\.residual_group\.overlap_attn\..+",),
    "SwinIR": (r"layers\.0\.residual_group\.blocks\.0\.attn\..+",),
    "EDSR": (
        r"conv_first\.weight|head\.0\.weight",
        r"conv_after_body\.weight|tail\.0\.0\.weight",
        r"body\.0\.(conv1|body\.0)\.weight",
    ),
    "SRResNet": (r"conv_first\.weight", r"upconv1\.weight", r"conv_hr\.weight"),
    "IMDN": (r"IMDB1\.c1\..+",),
    "RFDN": (r"B1\.c1_d\.weight", r"B1\.c1_r\.weight"),
    "SPAN": (r"block_1\.c1_r\.(eval_conv|sk)\.weight",),
    "RLFN": (r"block_1\.c1_r\.weight", r"block_1\.esa\..+"),
    "FSRCNN": (
        r"first_part\.0\.weight|feature_extraction\.0\.weight",
        r"mid_part\.0\.weight|shrink\.0\.weight",
    ),
    "ESPCN": (
        r"first_part\.0\.weight|feature_maps\.0\.weight",
        r"last_part\.0\.weight|sub_pixel\.0\.weight",
    ),
    "ESPCN or SRCNN": (r"conv1\.weight", r"conv2\.weight", r"conv3\.weight"),
}
"""Network -> patterns of names, all of which it has; the first row that fits is the one."""

_ONLY = {"SRVGGNetCompact (Real-ESRGAN)": r"body\.\d+\.\w+", "ESPCN or SRCNN": r"conv\d\.\w+"}
"""Network -> pattern that all of its names have."""


def recognize(names: Iterable[str]) -> str | None:
    """Return which other network has tensors of these names; None if it is not known.

    Args:
        names: Without prefixes of wrappers, such as `module.`.
    """
    known = list(names)
    for network, patterns in _NAMES.items():
        alone = all(re.fullmatch(_ONLY.get(network, ".*"), name, re.DOTALL) for name in known)
        if alone and all(any(re.fullmatch(row, name) for name in known) for row in patterns):
            return network
    return None
