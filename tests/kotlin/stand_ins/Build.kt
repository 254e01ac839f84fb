package android.os

/** A stand-in for Android's class; tests change the version. */
object Build {
    object VERSION {
        @JvmField
        var SDK_INT = 36
    }
}
