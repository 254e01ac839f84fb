"""How the weights are made: `scnet train`."""
