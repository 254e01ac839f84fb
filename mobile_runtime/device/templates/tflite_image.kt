import androidx.test.platform.app.InstrumentationRegistry
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.pow
import kotlin.math.roundToInt
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

    @Test fun cpuComputesWhatPyTorchDoes() = verify(Accelerator.CPU)

    @Test fun gpuComputesWhatPyTorchDoes() = verify(Accelerator.GPU)

    private fun verify(accelerator: Accelerator) {
        val model = CompiledModel.create(assets, "${folder}/${file}", CompiledModel.Options(accelerator))
        val inputs = model.createInputBuffers()
        val outputs = model.createOutputBuffers()
        val signedErrors = samples.map { sample ->
            val (height, width) = sample.height * ${scale} to sample.width * ${scale}
            inputs[0].writeInt8(readImage(sample.input))
            model.run(inputs, outputs)
            val upscaled = outputs[0].readInt8()
            assertEquals(3 * height * width, upscaled.size)
            compare(readOutput(sample.output), keep(upscaled, height, width, sample.stride))
        }
        val median = signedErrors.sorted()[samples.size / 2]
        assertTrue("the engine truncates instead of rounding", median >= -${signed_error})
        assertTrue("the engine rounds up instead of rounding", median <= ${signed_error})
    }

    /** Returns the mean signed error, in levels of 8 bits. */
    private fun compare(expected: List<Int>, actual: List<Byte>): Double {
        assertEquals(expected.size, actual.size)
        val errors = expected.indices.map { (expected[it] - (actual[it].toInt() and 255)) / 255.0 }
        assertTrue(errors.map { it * it }.average() <= 10.0.pow(-${psnr_db} / 10))
        return -255 * errors.average()
    }

    private fun keep(output: ByteArray, height: Int, width: Int, step: Int): List<Byte> =
        (0 until 3).flatMap { color ->
            kept(height, step).flatMap { row ->
                kept(width, step).map { column -> output[(row * width + column) * 3 + color] }
            }
        }

    /** Rows or columns that a sample keeps: 0, s, 2s, ... and the last. */
    private fun kept(length: Int, step: Int) = (0 until length - 1 step step) + (length - 1)

    /** In the order that the model takes: red, green and blue of each pixel together. */
    private fun readImage(path: String): ByteArray {
        val bytes = read(path)
        val plane = bytes.size / 3
        return ByteArray(bytes.size) { bytes[it % 3 * plane + it / 3] }
    }

    private fun readOutput(path: String): List<Int> {
        val bytes = ByteBuffer.wrap(read(path)).order(ByteOrder.LITTLE_ENDIAN)
        return List(bytes.remaining() / 4) { (bytes.getFloat().coerceIn(0f, 1f) * 255).roundToInt() }
    }

    private fun read(path: String) = assets.open("${folder}/" + path).readBytes()
}
