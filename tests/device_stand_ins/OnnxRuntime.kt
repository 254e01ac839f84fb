package ai.onnxruntime

import java.nio.FloatBuffer
import standin.Network

/** Stand-ins for onnxruntime's Java API, after its documentation. */
class TensorInfo(val shape: LongArray)

class OnnxTensor(val floatBuffer: FloatBuffer, val info: TensorInfo) {
    companion object {
        @JvmStatic
        fun createTensor(environment: OrtEnvironment, data: FloatBuffer, shape: LongArray): OnnxTensor {
            check(environment === OrtEnvironment.ONLY)
            return OnnxTensor(data, TensorInfo(shape))
        }
    }
}

class OrtSession {
    fun run(inputs: Map<String, OnnxTensor>): List<Any> {
        val image = inputs.getValue("image")
        val output = Network.run(image.floatBuffer.array())
        val scale = Math.sqrt(output.size.toDouble() / image.floatBuffer.capacity()).toLong()
        val (number, channels, height, width) = image.info.shape.toList()
        val shape = longArrayOf(number, channels, height * scale, width * scale)
        return listOf(OnnxTensor(FloatBuffer.wrap(output), TensorInfo(shape)))
    }
}

class OrtEnvironment {
    fun createSession(model: ByteArray): OrtSession {
        check(model.isNotEmpty())
        return OrtSession()
    }

    companion object {
        val ONLY = OrtEnvironment()

        @JvmStatic fun getEnvironment() = ONLY
    }
}
