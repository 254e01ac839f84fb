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
 * @throws UpscaleException.UnexpectedModel The output has another size than the manifest promises.
 * @throws UpscaleException.NotFinite A value of the output is not finite.
 */
internal fun Network.runTile(tile: Pixels): Pixels {
    val large = Size(tile.size.height * model.scale, tile.size.width * model.scale)
    fun check(values: Int) {
        if (values == 3 * large.height * large.width) return
        throw UpscaleException.UnexpectedModel(
            "The file gave $values values instead of 3 x ${large.height} x ${large.width}: " +
                "the manifest belongs to another file.",
        )
    }
    return when (this) {
        is FloatNetwork -> toPixels(run(toFloats(tile), tile.size).also { check(it.size) }, large)
        is ByteNetwork -> toPixels(run(toBytes(tile), tile.size).also { check(it.size) }, large)
    }
}
