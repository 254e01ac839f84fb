"""Faults in the output of a model file, which a test on a device must find."""

import numpy as np

WRONG_OUTPUTS = {
    "one value": lambda output: np.where(output == output[0, 2, -1, -1], 1.5, output),
    "a wrong last column": lambda output: np.concatenate([output[..., :-1], output[..., :1]], 3),
    "two phases swapped": lambda output: output[..., np.arange(output.shape[3]) ^ 1],
    "red and blue swapped": lambda output: output[:, ::-1],
    "not numbers": lambda output: np.full_like(output, np.nan),
    "a row short": lambda output: output[:, :, :-1],
}
