"""A `.tflite` on an Android phone, over adb."""
