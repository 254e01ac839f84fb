"""The commands of `scnet` that need PyTorch."""
