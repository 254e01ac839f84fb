"""Experimental, never run on a device yet: packages for apps, and tests of phones over adb."""
