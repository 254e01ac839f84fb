"""Validation of model files against PyTorch's golden samples."""
