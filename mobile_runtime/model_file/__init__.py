"""Model files: formats, precisions, manifests, golden samples, and parity with PyTorch."""
