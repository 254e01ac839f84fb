package io.github.scnetmobile

import java.io.DataInputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlinx.coroutines.runBlocking

/**
 * Upscales a picture with a network behind a pipe: tiles go to the standard output, results come back.
 *
 * Arguments: manifest, height, width, file of RGBA bytes, file for the RGBA bytes of the result.
 */
fun main(arguments: Array<String>) {
    val model = ModelDescription.fromManifest(File(arguments[0]).readText())
    val size = Size(arguments[1].toInt(), arguments[2].toInt())
    val rgba = ByteBuffer.wrap(File(arguments[3]).readBytes())
    val pixels = Pixels(size, IntArray(rgba.capacity() / 4) { Integer.rotateRight(rgba.getInt(4 * it), 8) }, hasAlpha = true)
    val network = if (model.type == ValueType.FLOAT32) FloatPipe(model) else BytePipe(model)
    val result = runBlocking { network.upscale(pixels) }
    val bytes = ByteBuffer.allocate(4 * result.argb.size)
    result.argb.forEach { bytes.putInt(Integer.rotateLeft(it, 8)) }
    File(arguments[4]).writeBytes(bytes.array())
}

private val source = DataInputStream(System.`in`)

private fun exchange(bytes: ByteArray, scale: Int): ByteArray {
    System.out.write(bytes)
    System.out.flush()
    return ByteArray(bytes.size * scale * scale).also(source::readFully)
}

private class FloatPipe(override val model: ModelDescription) : FloatNetwork {
    override fun run(image: FloatArray, size: Size): FloatArray {
        val sent = ByteBuffer.allocate(4 * image.size).order(ByteOrder.LITTLE_ENDIAN)
        sent.asFloatBuffer().put(image)
        val received = ByteBuffer.wrap(exchange(sent.array(), model.scale)).order(ByteOrder.LITTLE_ENDIAN)
        return FloatArray(received.capacity() / 4) { received.getFloat(4 * it) }
    }

    override fun close() {}
}

private class BytePipe(override val model: ModelDescription) : ByteNetwork {
    override fun run(pixels: ByteArray, size: Size) = exchange(pixels, model.scale)

    override fun close() {}
}
