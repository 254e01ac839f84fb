import androidx.test.platform.app.InstrumentationRegistry
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import kotlin.math.pow
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class GoldenTest {
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
        for ((input, output) in samples) {
            inputs[0].writeInt8(read(input))
            model.run(inputs, outputs)
            compare(read(output), outputs[0].readInt8())
        }
    }

    private fun compare(expected: ByteArray, actual: ByteArray) {
        assertEquals(expected.size, actual.size)
        val errors = expected.indices.map { (value(expected[it]) - value(actual[it])) / 255.0 }
        assertTrue(errors.map { it * it }.average() <= 10.0.pow(-${psnr_db} / 10))
    }

    private fun value(byte: Byte) = byte.toInt() and 255

    private fun read(path: String) = assets.open("${folder}/" + path).readBytes()
}
