package io.github.scnetmobile

import android.graphics.Bitmap
import android.graphics.ColorSpace

/** Stand-ins for methods of API 26 and 29, which the module calls from Android 10 on only. */
internal fun Bitmap.getColorSpace(): ColorSpace? = null

internal fun Bitmap.setColorSpace(colorSpace: ColorSpace) = check(hasAlpha()) { "$colorSpace" }
