package io.github.scnetmobile

import kotlin.math.abs
import kotlin.math.floor
import kotlin.math.sign

/** Receptive-field radius of enlarged transparency, in pixels of the picture. */
private const val REACH = 2

/** Weights are fixed-point numbers with 22 binary places, as in Pillow's `Resample.c`. */
private const val PLACES = 22

/** Inputs of one result pixel along one axis. */
private class Taps(val start: Int, val weights: IntArray)

/**
 * Writes the transparency of rows of a picture, upscaled, into a band of the result.
 *
 * Bicubic (Keys, a = -0.5) on 8-bit values, bit for bit as `scnet upscale` does it with Pillow.
 *
 * @param source the whole picture.
 * @param band opaque rows of the result, as wide as all of it.
 * @param top row of the result in which the band begins.
 */
internal fun enlargeAlpha(source: PixelSource, scale: Int, band: Pixels, top: Int) {
    val rows = taps(source.size.height, scale, top until top + band.size.height)
    val columns = taps(source.size.width, scale, 0 until band.size.width)
    val first = rows.first().start
    val wide = Array(rows.last().let { it.start + it.weights.size } - first) { readWide(source, first + it, columns) }
    val column = IntArray(2 * REACH + 1)
    for ((y, row) in rows.withIndex()) {
        for (x in columns.indices) {
            for (k in row.weights.indices) column[k] = wide[row.start - first + k][x]
            val index = y * band.size.width + x
            band.argb[index] = (band.argb[index] and 0xFFFFFF) or (blend(row.weights, column, 0) shl 24)
        }
    }
}

/** Returns the alpha of one row, enlarged along it. */
private fun readWide(source: PixelSource, row: Int, columns: List<Taps>): IntArray {
    val alpha = IntArray(source.size.width)
    source.readRow(row, alpha.indices, alpha, 0)
    for (x in alpha.indices) alpha[x] = alpha[x] ushr 24
    return IntArray(columns.size) { x -> blend(columns[x].weights, alpha, columns[x].start) }
}

private fun taps(length: Int, scale: Int, result: IntRange): List<Taps> = result.map { index ->
    val center = (index + 0.5) / scale
    val start = maxOf(0, (center - REACH + 0.5).toInt())
    val stop = minOf(length, (center + REACH + 0.5).toInt())
    val weights = DoubleArray(stop - start) { k -> cubic(start + k - center + 0.5) }
    val sum = weights.reduce(Double::plus)
    Taps(start, IntArray(weights.size) { k -> roundAway(weights[k] / sum * (1 shl PLACES)) })
}

private fun blend(weights: IntArray, values: IntArray, offset: Int): Int {
    var sum = 1 shl (PLACES - 1)
    for (k in weights.indices) sum += weights[k] * values[offset + k]
    return (sum shr PLACES).coerceIn(0, 255)
}

private fun cubic(distance: Double): Double {
    val x = abs(distance)
    return when {
        x < 1 -> (1.5 * x - 2.5) * x * x + 1
        x < 2 -> ((-0.5 * x + 2.5) * x - 4) * x + 2
        else -> 0.0
    }
}

private fun roundAway(value: Double) = (sign(value) * floor(abs(value) + 0.5)).toInt()
