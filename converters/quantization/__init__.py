"""Quantization, palettization and calibration: weights and features in fewer bits."""
