"""From a SCNet checkpoint to Core ML, TFLite and ONNX files that are proved against PyTorch."""
