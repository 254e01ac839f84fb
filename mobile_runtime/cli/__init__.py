"""The commands of `scnet` that need no PyTorch."""
