package io.github.scnetmobile

/** A network that shows one missing pixel of its halo, that of SCNet Mobile's `tests/vectors/network.py`. */
class IntegerFloatNetwork(override val model: ModelDescription) : FloatNetwork {
    override fun run(image: FloatArray, size: Size): FloatArray {
        val values = IntArray(image.size) { Math.rint((image[it] * 255).toDouble()).toInt() }
        val output = upscaleIntegers(values, size, model)
        return FloatArray(output.size) { output[it] / 255f }
    }

    override fun close() {}
}

/** The same, as a file of the other type. */
class IntegerByteNetwork(override val model: ModelDescription) : ByteNetwork {
    override fun run(pixels: ByteArray, size: Size): ByteArray {
        val output = upscaleIntegers(IntArray(pixels.size) { pixels[it].toInt() and 255 }, size, model)
        return ByteArray(output.size) { output[it].toByte() }
    }

    override fun close() {}
}

private fun upscaleIntegers(values: IntArray, size: Size, model: ModelDescription): IntArray {
    check(model.sizes?.contains(size) ?: true) { "The file does not take $size" }
    val (scale, halo) = model.scale to model.halo
    val wide = size.width * scale
    val steps = intArrayOf(-halo, 0, halo).distinct().toIntArray()
    val output = IntArray(values.size * scale * scale)
    for (y in 0 until size.height) for (x in 0 until size.width) for (channel in 0 until 3) {
        var total = 0
        for (dy in steps) for (dx in steps) {
            if (y + dy !in 0 until size.height || x + dx !in 0 until size.width) continue
            total += values[((y + dy) * size.width + x + dx) * 3 + channel]
        }
        for (i in 0 until scale) for (j in 0 until scale) {
            output[((y * scale + i) * wide + x * scale + j) * 3 + channel] = (total + 7 * i + 13 * j + 29 * channel) % 256
        }
    }
    return output
}

/** Returns bytes of a linear congruential generator. */
fun makeBytes(count: Int, seed: Int): IntArray {
    var state = seed
    return IntArray(count) {
        state = state * 1664525 + 1013904223
        state ushr 24
    }
}

/** Returns a picture of such bytes. */
fun makePicture(size: Size, seed: Int, gray: Boolean = false): Pixels {
    val values = makeBytes((if (gray) 1 else 3) * size.height * size.width, seed)
    return Pixels(size, IntArray(size.height * size.width) {
        if (gray) OPAQUE or values[it] * 0x10101
        else OPAQUE or (values[3 * it] shl 16) or (values[3 * it + 1] shl 8) or values[3 * it + 2]
    })
}
