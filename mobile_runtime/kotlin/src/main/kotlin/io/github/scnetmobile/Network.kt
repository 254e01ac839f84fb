package io.github.scnetmobile

/** An open model file. Used by one thread at a time. */
sealed interface Network : AutoCloseable {
    val model: ModelDescription
}

/** A file of type [ValueType.FLOAT32]. */
interface FloatNetwork : Network {
    /**
     * Returns the upscaled image, NHWC, RGB.
     *
     * @param image NHWC, RGB in 0..1.
     * @param size of the image, one of those that the file takes.
     */
    fun run(image: FloatArray, size: Size): FloatArray
}

/** A file of type [ValueType.UINT8]. */
interface ByteNetwork : Network {
    /**
     * Returns the upscaled pixels, NHWC, RGB.
     *
     * @param pixels NHWC, RGB in 0..255.
     * @param size of the picture, one of those that the file takes.
     */
    fun run(pixels: ByteArray, size: Size): ByteArray
}

/**
 * Returns a tile upscaled.
 *
 * @param gray whether the result is to have no color.
 * @throws UpscaleException.UnexpectedModel The output has another size than the manifest promises.
 * @throws UpscaleException.NotFinite A value of the output is not finite.
 */
internal fun Network.runTile(tile: Pixels, gray: Boolean): Pixels {
    val large = Size(tile.size.height * model.scale, tile.size.width * model.scale)
    val output = when (this) {
        is FloatNetwork -> run(toFloats(tile), tile.size)
        is ByteNetwork -> toFloats(run(toBytes(tile), tile.size))
    }
    if (output.size != 3 * large.height * large.width) {
        throw UpscaleException.UnexpectedModel(
            "The file gave ${output.size} values instead of 3 x ${large.height} x ${large.width}: " +
                "the manifest belongs to another file.",
        )
    }
    if (gray) removeColor(output)
    return toPixels(output, large)
}
