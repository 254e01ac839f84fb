"""Experimental tests on devices, never run on one yet: Android over adb; Swift and Kotlin tests."""
