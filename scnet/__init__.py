"""The network: definition, exact device form, checkpoints, training, weights."""
