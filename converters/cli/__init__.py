"""The commands of `scnet` that know checkpoints and bundled weights."""
