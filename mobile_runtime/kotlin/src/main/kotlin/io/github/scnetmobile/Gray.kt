package io.github.scnetmobile

/**
 * Checks that the three colors are equal in every pixel.
 *
 * The result of such a picture has no color either: it is the luma of what the network gives.
 */
internal fun PixelSource.isGray(): Boolean {
    val row = IntArray(size.width)
    return (0 until size.height).all { y ->
        readRow(y, row.indices, row, 0)
        row.all { color -> color and 0xFF == color shr 8 and 0xFF && color and 0xFF == color shr 16 and 0xFF }
    }
}

/** Puts the luma of BT.601 into all three colors of an image, NHWC, in place. */
internal fun removeColor(image: FloatArray) {
    for (index in image.indices step 3) {
        // Term by term in Double, as everywhere in this project.
        val luma = (0.299 * image[index] + 0.587 * image[index + 1] + 0.114 * image[index + 2]).toFloat()
        image.fill(luma, index, index + 3)
    }
}
