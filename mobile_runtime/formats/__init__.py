"""Readers of `.mlpackage`, `.tflite` and `.onnx` files, without running them."""
