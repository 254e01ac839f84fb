package io.github.scnetmobile

import kotlin.coroutines.coroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.yield

/** Takes the rows of a result as they are finished, from top to bottom. */
fun interface BandSink {
    /**
     * Takes the next rows.
     *
     * @param band as wide as the result; free to be kept.
     * @param top row of the result in which the band begins.
     */
    suspend fun write(band: Pixels, top: Int)
}

/** Is told how many runs of the network are done, and of how many. */
typealias OnProgress = (done: Int, total: Int) -> Unit

/** Pixels of the largest result that is made as one picture; it takes 256 MB. */
const val MAX_RESULT_PIXELS = 64_000_000L

/**
 * Upscales a picture of any size tile by tile; values may differ by one level from the network's
 * result for the whole picture, unless they are to be exact.
 *
 * Needs memory for one band, which is what one row of tiles gives, for one tile, and for a picture
 * with transparency once more. A file of
 * fixed size sees a smaller picture continued by its mirror image. What transparency hides, and what
 * has no color, is treated as in `scnet upscale`. Cancellation is noticed between tiles.
 *
 * @param side of the largest tile, where the file takes any size; [DEFAULT_TILE] if null.
 * @param exact whether no value is to differ.
 * @throws UpscaleException See its kinds.
 */
suspend fun Network.upscale(
    source: PixelSource,
    side: Int? = null,
    exact: Boolean = false,
    onProgress: OnProgress = { _, _ -> },
    sink: BandSink,
) {
    if (source.size.height == 0 || source.size.width == 0) throw UpscaleException.NoPixels()
    val plan = planTiles(source.size, model, side, exact)
    val visible = if (source.hasAlpha) spreadColors(source) else source
    val gray = visible.isGray()
    val scale = model.scale
    var done = 0
    for (rows in plan.rows) {
        val band = Pixels(Size(rows.kept.length * scale, source.size.width * scale), hasAlpha = source.hasAlpha)
        for (columns in plan.columns) {
            coroutineContext.ensureActive()
            yield()
            val tile = Tile(rows, columns)
            paste(runTile(cut(visible, tile), gray), tile, scale, band)
            onProgress(++done, plan.count)
        }
        if (source.hasAlpha) enlargeAlpha(visible, scale, band, rows.kept.first * scale)
        sink.write(band, rows.kept.first * scale)
    }
}

/**
 * Upscales a picture into one in memory; else as the other.
 *
 * @throws UpscaleException.TooManyPixels The result has more than [MAX_RESULT_PIXELS].
 */
suspend fun Network.upscale(
    source: PixelSource,
    side: Int? = null,
    exact: Boolean = false,
    onProgress: OnProgress = { _, _ -> },
): Pixels {
    val result = Pixels(checkedResultSize(source.size, model.scale), hasAlpha = source.hasAlpha)
    upscale(source, side, exact, onProgress) { band, top -> band.argb.copyInto(result.argb, top * result.size.width) }
    return result
}

/** Returns the size of a result that is to be one picture, or throws [UpscaleException.TooManyPixels]. */
internal fun checkedResultSize(size: Size, scale: Int): Size {
    val pixels = size.height.toLong() * size.width * scale * scale
    if (pixels > MAX_RESULT_PIXELS) throw UpscaleException.TooManyPixels(pixels, MAX_RESULT_PIXELS)
    return Size(size.height * scale, size.width * scale)
}

/** Returns the input of a tile; where the picture is too small, it goes on as its mirror image. */
private fun cut(source: PixelSource, tile: Tile): Pixels {
    val (height, width) = source.size
    val input = Pixels(tile.size)
    val columns = tile.columns.read
    val inside = columns.first until minOf(columns.stop, width)
    for ((y, row) in tile.rows.read.withIndex()) {
        val start = y * tile.size.width
        source.readRow(mirrored(row, height), inside, input.argb, start)
        for (column in inside.stop until columns.stop) {
            input.argb[start + column - columns.first] = input.argb[start + mirrored(column, width) - columns.first]
        }
    }
    return input
}

/** Returns where a pixel beyond the end comes from: the border itself is repeated. */
private fun mirrored(index: Int, length: Int): Int {
    val phase = index % (2 * length)
    return if (phase < length) phase else 2 * length - 1 - phase
}

/** Copies the kept part of a tile's output to its place. */
private fun paste(output: Pixels, tile: Tile, scale: Int, band: Pixels) {
    val (rows, columns) = tile
    val left = (columns.kept.first - columns.read.first) * scale
    val top = (rows.kept.first - rows.read.first) * scale
    val count = columns.kept.length * scale
    for (y in 0 until band.size.height) {
        val start = (top + y) * output.size.width + left
        output.argb.copyInto(band.argb, y * band.size.width + columns.kept.first * scale, start, start + count)
    }
}
