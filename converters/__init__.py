"""Conversion of SCNet checkpoints to Core ML, TFLite and ONNX files, validated against PyTorch."""
