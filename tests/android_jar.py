"""The classes of a real Android, Debian 11's API 23, in `dist/android`.

    python tests/android_jar.py

makes that folder with apt, 14 MB. No later Android is in a package; what the module uses of one is
in `tests/kotlin/after_api_23`.
"""

from pathlib import Path

from debian_packages import unpack

ROOT = Path(__file__).resolve().parent.parent / "dist" / "android"
JAR = ROOT / "usr/lib/android-sdk/platforms/android-23/android.jar"

if __name__ == "__main__" and not JAR.exists():
    unpack("bullseye", ("libandroid-23-java",), ROOT)
