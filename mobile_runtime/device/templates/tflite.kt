import androidx.test.platform.app.InstrumentationRegistry
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.pow
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class GoldenTest {
    private val assets = InstrumentationRegistry.getInstrumentation().context.assets
    private val samples = listOf(
${samples}
    )

    @Test fun cpuComputesWhatPyTorchDoes() = verify(Accelerator.CPU, ${max_abs}, ${psnr_db})

    @Test fun gpuComputesWhatPyTorchDoes() = verify(Accelerator.GPU, ${fp16_max_abs}, ${fp16_psnr_db})

    private fun verify(accelerator: Accelerator, maxAbs: Double, psnrDb: Double) {
        val model = CompiledModel.create(assets, "${folder}/${file}", CompiledModel.Options(accelerator))
        val inputs = model.createInputBuffers()
        val outputs = model.createOutputBuffers()
        for ((input, output) in samples) {
            inputs[0].writeFloat(read(input))
            model.run(inputs, outputs)
            compare(read(output), outputs[0].readFloat(), maxAbs, psnrDb)
        }
    }

    private fun compare(expected: FloatArray, actual: FloatArray, maxAbs: Double, psnrDb: Double) {
        assertEquals(expected.size, actual.size)
        val errors = expected.indices.map { abs(expected[it] - actual[it]).toDouble() }
        assertTrue(errors.all { it <= maxAbs })
        assertTrue(errors.map { it * it }.average() <= 10.0.pow(-psnrDb / 10))
    }

    private fun read(path: String): FloatArray {
        val bytes = ByteBuffer.wrap(assets.open("${folder}/" + path).readBytes())
        val floats = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(floats.remaining()).also { floats.get(it) }
    }
}
