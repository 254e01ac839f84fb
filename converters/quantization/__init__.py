"""Quantization of weights and features."""
