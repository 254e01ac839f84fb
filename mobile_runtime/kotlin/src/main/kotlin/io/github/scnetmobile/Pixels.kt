package io.github.scnetmobile

/** A picture whose pixels are read row by row, such as an Android bitmap. */
interface PixelSource {
    val size: Size

    /** Whether any pixel may be transparent. */
    val hasAlpha: Boolean

    /**
     * Copies a piece of a row.
     *
     * @param row from the top.
     * @param columns within the picture.
     * @param into takes one Int per pixel, 0xAARRGGBB, not premultiplied, from [offset] on.
     */
    fun readRow(row: Int, columns: IntRange, into: IntArray, offset: Int)
}

/** A picture in memory: one Int per pixel, 0xAARRGGBB, not premultiplied, row by row. */
class Pixels(
    override val size: Size,
    val argb: IntArray = IntArray(size.height * size.width),
    override val hasAlpha: Boolean = false,
) : PixelSource {
    init {
        require(argb.size.toLong() == size.height.toLong() * size.width) { "${argb.size} pixels for $size" }
    }

    override fun readRow(row: Int, columns: IntRange, into: IntArray, offset: Int) {
        val start = row * size.width + columns.first
        argb.copyInto(into, offset, start, start + columns.length)
    }
}

internal const val OPAQUE = 255 shl 24

private const val MAX_VALUE = 255f

/** Returns the pixels as floats in 0..1, NHWC, RGB. */
internal fun toFloats(pixels: Pixels, into: FloatArray = FloatArray(3 * pixels.argb.size)): FloatArray {
    for ((index, color) in pixels.argb.withIndex()) {
        into[3 * index] = (color shr 16 and 255) / MAX_VALUE
        into[3 * index + 1] = (color shr 8 and 255) / MAX_VALUE
        into[3 * index + 2] = (color and 255) / MAX_VALUE
    }
    return into
}

/**
 * Returns floats, NHWC, RGB, as opaque pixels: clipped to 0..1, halves rounded to even.
 *
 * @throws UpscaleException.NotFinite A value is not finite.
 */
internal fun toPixels(floats: FloatArray, size: Size): Pixels {
    val pixels = Pixels(size)
    for (index in pixels.argb.indices) {
        val red = toByte(floats[3 * index])
        val green = toByte(floats[3 * index + 1])
        val blue = toByte(floats[3 * index + 2])
        pixels.argb[index] = OPAQUE or (red shl 16) or (green shl 8) or blue
    }
    return pixels
}

// Not Math.round, which rounds halves up.
private fun toByte(value: Float): Int {
    if (!value.isFinite()) throw UpscaleException.NotFinite()
    return Math.rint((value.coerceIn(0f, 1f) * MAX_VALUE).toDouble()).toInt()
}

/** Returns the pixels as bytes, NHWC, RGB. */
internal fun toBytes(pixels: Pixels): ByteArray {
    val bytes = ByteArray(3 * pixels.argb.size)
    for ((index, color) in pixels.argb.withIndex()) {
        bytes[3 * index] = (color shr 16).toByte()
        bytes[3 * index + 1] = (color shr 8).toByte()
        bytes[3 * index + 2] = color.toByte()
    }
    return bytes
}

/** Returns bytes as floats in 0..1. */
internal fun toFloats(bytes: ByteArray) = FloatArray(bytes.size) { (bytes[it].toInt() and 255) / MAX_VALUE }
