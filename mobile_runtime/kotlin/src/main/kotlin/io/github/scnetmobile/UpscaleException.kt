package io.github.scnetmobile

/** Why a picture is not upscaled. */
sealed class UpscaleException(message: String) : Exception(message) {
    /** The picture has no pixels. */
    class NoPixels : UpscaleException("The picture has no pixels: there is nothing to upscale.")

    /** Nothing is left of the file's tiles inside the halo; [smallest] is a side that works. */
    class TilesTooSmall(val smallest: Int) : UpscaleException(
        "The file's tiles are too small for this picture: convert for $smallest x $smallest or larger.",
    )

    /** A side of tiles was chosen, but the file takes [sizes] only. */
    class FixedSizesOnly(val sizes: List<Size>) : UpscaleException(
        "No tile can be chosen here: the file takes ${sizes.joinToString(" or ") { "${it.width} x ${it.height}" }} only.",
    )

    /** The result would need more memory than one picture may take. */
    class TooManyPixels(val pixels: Long, val limit: Long) : UpscaleException(
        "The result would have $pixels pixels, more than $limit: take it in bands, or make the picture smaller.",
    )

    /** The manifest is not one that `scnet convert` writes, or the file is not the one it describes. */
    class UnexpectedModel(message: String) : UpscaleException(message)

    /** The network computed values that are not finite. */
    class NotFinite : UpscaleException(
        "The file computed values that are not numbers (fp16 may have overflowed): use the CPU, or fp32.",
    )
}
