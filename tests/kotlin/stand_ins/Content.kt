package android.content

import android.content.res.AssetManager

/** A stand-in for Android's class. */
class Context(val assets: AssetManager)
