package io.github.scnetmobile

/** The network of `tests/vectors/network.py`, as a file of each type. */
class IntegerFloatNetwork(override val model: ModelDescription) : FloatNetwork {
    override fun run(image: FloatArray, size: Size): FloatArray {
        val values = IntArray(image.size) { Math.rint((image[it] * 255).toDouble()).toInt() }
        val output = upscaleIntegers(values, size, model)
        return FloatArray(output.size) { output[it] / 255f }
    }

    override fun close() {}
}

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

fun makeBytes(count: Int, seed: Int): IntArray {
    var state = seed
    return IntArray(count) {
        state = state * 1664525 + 1013904223
        state ushr 24
    }
}
