package io.github.scnetmobile

/** How far a color spreads, in pixels: what is farther away hardly affects visible pixels. */
private const val REACH = 8

/**
 * Returns a copy whose fully transparent pixels have the color of the nearest visible one.
 *
 * The network ignores transparency, and would draw an outline of what is hidden. Pixels farther away
 * than [REACH], counted along rows and columns, become black. Alpha is unchanged. Two sweeps, as in
 * `mobile_runtime/imaging/hidden_colors.py`.
 */
internal fun spreadColors(source: PixelSource): Pixels {
    val (height, width) = source.size
    val pixels = Pixels(source.size, hasAlpha = true)
    for (row in 0 until height) source.readRow(row, 0 until width, pixels.argb, row * width)
    val far = ByteArray(height * width)
    for (index in far.indices) {
        if (pixels.argb[index] ushr 24 != 0) continue
        pixels.argb[index] = 0
        far[index] = (REACH + 1).toByte()
    }
    fun take(to: Int, from: Int) {
        if (far[from] + 1 >= far[to]) return
        far[to] = (far[from] + 1).toByte()
        pixels.argb[to] = (pixels.argb[from] and 0xFFFFFF) or (pixels.argb[to] and OPAQUE)
    }
    for (index in far.indices) {
        if (far[index] == 0.toByte()) continue
        if (index % width != 0) take(index, index - 1)
        if (index >= width) take(index, index - width)
    }
    for (index in far.indices.reversed()) {
        if (far[index] == 0.toByte()) continue
        if ((index + 1) % width != 0) take(index, index + 1)
        if (index + width < far.size) take(index, index + width)
    }
    return pixels
}
