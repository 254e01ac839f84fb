"""Tests on devices: Android over adb, and bundles for Swift and Kotlin."""
