import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment
import androidx.test.platform.app.InstrumentationRegistry
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.math.abs
import kotlin.math.pow
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class GoldenTest {
    private class Sample(val input: String, val output: String, val height: Long, val width: Long)

    private val assets = InstrumentationRegistry.getInstrumentation().context.assets
    private val samples = listOf(
${samples}
    )

    @Test fun computesWhatPyTorchDoes() {
        val environment = OrtEnvironment.getEnvironment()
        val session = environment.createSession(assets.open("${folder}/${file}").readBytes())
        for (sample in samples) {
            val shape = longArrayOf(1, 3, sample.height, sample.width)
            val image = OnnxTensor.createTensor(environment, read(sample.input), shape)
            val upscaled = session.run(mapOf("${input_name}" to image))[0] as OnnxTensor
            compare(read(sample.output), upscaled.floatBuffer)
        }
    }

    private fun compare(expected: FloatBuffer, actual: FloatBuffer) {
        assertEquals(expected.remaining(), actual.remaining())
        val errors = (0 until expected.remaining()).map { abs(expected[it] - actual[it]).toDouble() }
        assertTrue(errors.all { it <= ${max_abs} })
        assertTrue(errors.map { it * it }.average() <= 10.0.pow(-${psnr_db} / 10))
    }

    private fun read(path: String): FloatBuffer {
        val bytes = ByteBuffer.wrap(assets.open("${folder}/" + path).readBytes())
        return bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
    }
}
