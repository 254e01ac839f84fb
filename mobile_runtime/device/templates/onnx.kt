import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment
import androidx.test.platform.app.InstrumentationRegistry
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.math.abs
import kotlin.math.pow
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class GoldenTest {
    private class Sample(
        val input: String, val output: String, val height: Int, val width: Int, val stride: Int,
    )

    private val assets = InstrumentationRegistry.getInstrumentation().context.assets
    private val samples = listOf(
${samples}
    )

    @Test fun computesWhatPyTorchDoes() {
        val environment = OrtEnvironment.getEnvironment()
        val session = environment.createSession(assets.open("${folder}/${file}").readBytes())
        for (sample in samples) {
            val shape = longArrayOf(1, 3, sample.height.toLong(), sample.width.toLong())
            val image = OnnxTensor.createTensor(environment, readImage(sample.input), shape)
            val upscaled = session.run(mapOf("${input_name}" to image))[0] as OnnxTensor
            val (height, width) = sample.height * ${scale} to sample.width * ${scale}
            assertArrayEquals(longArrayOf(1, 3, height.toLong(), width.toLong()), upscaled.info.shape)
            compare(readOutput(sample.output), keep(upscaled.floatBuffer, height, width, sample.stride))
        }
    }

    private fun compare(expected: FloatArray, actual: List<Float>) {
        assertEquals(expected.size, actual.size)
        val errors = expected.indices.map { abs(expected[it] - actual[it]).toDouble() }
        assertTrue(errors.all { it <= ${max_abs} })
        assertTrue(errors.map { it * it }.average() <= 10.0.pow(-${psnr_db} / 10))
    }

    private fun keep(output: FloatBuffer, height: Int, width: Int, step: Int): List<Float> =
        (0 until 3).flatMap { color ->
            kept(height, step).flatMap { row ->
                kept(width, step).map { column -> output[(color * height + row) * width + column] }
            }
        }

    /** Rows or columns that a sample keeps: 0, s, 2s, ... and the last. */
    private fun kept(length: Int, step: Int) = (0 until length - 1 step step) + (length - 1)

    private fun readImage(path: String): FloatBuffer {
        val bytes = read(path)
        return FloatBuffer.wrap(FloatArray(bytes.size) { (bytes[it].toInt() and 255) / 255f })
    }

    private fun readOutput(path: String): FloatArray {
        val bytes = ByteBuffer.wrap(read(path)).order(ByteOrder.LITTLE_ENDIAN)
        return FloatArray(bytes.remaining() / 4) { bytes.getFloat() }
    }

    private fun read(path: String) = assets.open("${folder}/" + path).readBytes()
}
