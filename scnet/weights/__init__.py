"""The bundled weights, each beside a model card of the same name."""

from pathlib import Path

BUNDLED = Path(__file__).parent / "scnet-t-x4-pixelshuffle.safetensors"
"""What is used where no checkpoint is named."""
