package io.github.scnetmobile

/** Height and width in pixels. */
data class Size(val height: Int, val width: Int)

/** A tile along one axis, in low-resolution pixels of the picture. */
data class Span(
    /** Input of the network; reaches beyond the end of a picture that has to be continued. */
    val read: IntRange,
    /** Part of the input whose output is kept. */
    val kept: IntRange,
)

/** One run of the network. */
data class Tile(val rows: Span, val columns: Span) {
    /** Of the network's input. */
    val size get() = Size(rows.read.length, columns.read.length)
}

/** Tiles that compute a picture: every span of rows with every span of columns. */
data class TilePlan(val rows: List<Span>, val columns: List<Span>) {
    /** Number of runs. */
    val count get() = rows.size * columns.size

    internal val computedPixels: Long
        get() = rows.sumOf { it.read.length.toLong() } * columns.sumOf { it.read.length.toLong() }
}

/** Side of a tile in low-resolution pixels, where a file takes any size. */
const val DEFAULT_TILE = 256

/**
 * Returns the fewest tiles that overlap by the halo.
 *
 * An output pixel sees no further than the halo, so its tile holds everything within the halo, or
 * ends there where the picture itself ends. With the halo for 8-bit values, which the file says is
 * enough, values may differ by one level from those of the whole picture. The same plan as `mobile_runtime/upscaling/tiling.py`.
 *
 * @param size of the picture.
 * @param model says the halo, and the sizes that the file takes. The one that computes the fewest
 *   pixels is used for all tiles; where any goes, tiles end where the picture ends.
 * @param side of the largest tile, where the file takes any size; [DEFAULT_TILE] if null.
 * @param exact takes the exact halo.
 * @throws UpscaleException The tiles are too small for the halo, or a side is given for fixed sizes.
 */
fun planTiles(size: Size, model: ModelDescription, side: Int? = null, exact: Boolean = false): TilePlan {
    val fixed = model.sizes
    if (fixed != null && side != null) throw UpscaleException.FixedSizesOnly(fixed)
    val halo = if (exact) model.halo else model.halo8Bit
    val square = side ?: DEFAULT_TILE
    val offered = fixed ?: listOf(Size(square, square))
    return offered.filter { fits(size, it, halo) }
        .map { tile ->
            TilePlan(
                cover(size.height, tile.height, halo, clip = fixed == null),
                cover(size.width, tile.width, halo, clip = fixed == null),
            )
        }
        .minByOrNull { it.computedPixels }
        ?: throw UpscaleException.TilesTooSmall(smallestSide(size, halo))
}

private fun smallestSide(size: Size, halo: Int) = minOf(2 * halo + 1, maxOf(size.height, size.width))

/** Checks that on both axes the picture fits into one tile, or a tile is more than its halo. */
private fun fits(size: Size, tile: Size, halo: Int): Boolean {
    fun fits(length: Int, tile: Int) = length <= tile || tile > 2 * halo
    return fits(size.height, tile.height) && fits(size.width, tile.width)
}

/** Covers one axis; the last tile ends with the picture, cut short (`clip`) or moved back. */
private fun cover(length: Int, tile: Int, halo: Int, clip: Boolean): List<Span> {
    if (length <= tile) return listOf(Span(0 until (if (clip) length else tile), 0 until length))
    val spans = mutableListOf<Span>()
    var covered = 0
    while (covered < length) {
        val start = maxOf(covered - halo, 0)
        val stop = minOf(start + tile, length)
        val end = if (stop == length) length else stop - halo
        spans += Span((if (clip) start else stop - tile) until stop, covered until end)
        covered = end
    }
    return spans
}

internal val IntRange.stop get() = last + 1
internal val IntRange.length get() = last + 1 - first
