package com.google.ai.edge.litert

import androidx.test.platform.app.AssetManager
import kotlin.math.roundToInt
import standin.Network
import standin.toPixels
import standin.toPlanes

/** Stand-ins for LiteRT 2's Kotlin API, after its documentation: no package here has the real one. */
enum class Accelerator { CPU, GPU }

class TensorBuffer {
    private var floats = FloatArray(0)
    private var bytes = ByteArray(0)

    fun writeFloat(data: FloatArray) { floats = data }

    fun readFloat() = floats

    fun writeInt8(data: ByteArray) { bytes = data }

    fun readInt8() = bytes
}

class CompiledModel {
    class Options(val accelerator: Accelerator)

    fun createInputBuffers() = listOf(TensorBuffer())

    fun createOutputBuffers() = listOf(TensorBuffer())

    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>) {
        val (bytes, floats) = inputs[0].readInt8() to inputs[0].readFloat()
        val image = if (floats.isEmpty()) FloatArray(bytes.size) { (bytes[it].toInt() and 255) / 255f } else floats
        val output = toPixels(Network.run(toPlanes(image)))
        outputs[0].writeFloat(output)
        outputs[0].writeInt8(ByteArray(output.size) { toByte(output[it]) })
    }

    private fun toByte(value: Float) = if (value.isNaN()) 0 else (value.coerceIn(0f, 1f) * 255).roundToInt().toByte()

    companion object {
        @JvmStatic
        fun create(assets: AssetManager, name: String, options: Options): CompiledModel {
            check(assets.open(name).readBytes().isNotEmpty() && options.accelerator in Accelerator.values())
            return CompiledModel()
        }
    }
}
