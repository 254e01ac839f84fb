"""SCNet's training step as Triton kernels, for GPUs; tests run them on a CPU, interpreted.

Triton comes with PyTorch for CUDA, so that nothing imports `kernels` or `step` before there is a
GPU to use.
"""

from scnet.config import SCNetConfig


def has_kernels(config: SCNetConfig) -> bool:
    """Check for a network that the kernels know: head `direct`, x2 to x4, 16, 32 or 64 channels."""
    return config.head == "direct" and config.scale <= 4 and config.width in (16, 32, 64)
