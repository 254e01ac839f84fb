package io.github.scnetmobile

import android.graphics.Bitmap
import android.graphics.ColorSpace
import android.os.Build

private const val ANDROID_10 = 29

/**
 * A bitmap as the network sees it: values as they are stored.
 *
 * `Bitmap.getPixels` and `setPixels` convert from and to sRGB. A bitmap in another color space, such
 * as Display P3, is therefore read from a copy that is declared to be sRGB, and its result declared
 * to be what the bitmap was. Before Android 10 that cannot be declared: colors are then converted to
 * sRGB, and those outside of it lose saturation.
 */
internal class BitmapPixels(bitmap: Bitmap) : PixelSource {
    private val colorSpace: ColorSpace? = ownColorSpace(bitmap)
    private val readable: Bitmap = when {
        colorSpace != null -> copyPixels(bitmap).also { declare(it, ColorSpace.get(ColorSpace.Named.SRGB)) }
        bitmap.config == Bitmap.Config.ARGB_8888 -> bitmap
        else -> copyPixels(bitmap)
    }

    override val size = Size(bitmap.height, bitmap.width)
    override val hasAlpha = bitmap.hasAlpha()

    override fun readRow(row: Int, columns: IntRange, into: IntArray, offset: Int) {
        readable.getPixels(into, offset, columns.length, columns.first, row, columns.length, 1)
    }

    /** Returns an empty bitmap for a result or a band. */
    fun createResult(size: Size): Bitmap =
        Bitmap.createBitmap(size.width, size.height, Bitmap.Config.ARGB_8888).also { it.setHasAlpha(hasAlpha) }

    /** Declares a finished result to be in the bitmap's color space. */
    fun finish(result: Bitmap): Bitmap = result.also { if (colorSpace != null) declare(it, colorSpace) }
}

/** Writes a band into a bitmap as wide as it. */
internal fun Bitmap.write(band: Pixels, top: Int) {
    setPixels(band.argb, 0, band.size.width, 0, top, band.size.width, band.size.height)
}

private fun copyPixels(bitmap: Bitmap): Bitmap = bitmap.copy(Bitmap.Config.ARGB_8888, true)
    ?: throw OutOfMemoryError("Android cannot copy a bitmap of ${bitmap.width} x ${bitmap.height}.")

/** Returns the color space that has to be kept, or null where `getPixels` is right as it is. */
private fun ownColorSpace(bitmap: Bitmap): ColorSpace? {
    if (Build.VERSION.SDK_INT < ANDROID_10 || bitmap.config != Bitmap.Config.ARGB_8888) return null
    return bitmap.getColorSpace()?.takeIf { !it.isSrgb && it.model == ColorSpace.Model.RGB }
}

private fun declare(bitmap: Bitmap, colorSpace: ColorSpace) {
    if (Build.VERSION.SDK_INT >= ANDROID_10) bitmap.setColorSpace(colorSpace)
}
