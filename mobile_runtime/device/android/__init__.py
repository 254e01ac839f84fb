"""Golden samples and latency of a `.tflite` on an Android phone, over adb."""
