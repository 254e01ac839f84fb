package io.github.scnetmobile

import android.graphics.Bitmap
import androidx.test.platform.app.InstrumentationRegistry
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.LiteRtException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.pow
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeNoException
import org.junit.Test

/** The file in this module, on a device: it computes from the samples what PyTorch does. */
class GoldenTest {
    private val context = InstrumentationRegistry.getInstrumentation().targetContext
    private val assets = InstrumentationRegistry.getInstrumentation().context.assets
    private val asset = findModel(context.assets)
    private val manifest = parseJson(context.assets.open("$asset.json").readBytes().decodeToString())
    private val samples = (manifest.field("golden") as List<*>).map(::Sample)

    @Test
    fun cpuComputesWhatPyTorchDoes() = verify(Accelerator.CPU, Limit("own"))

    /** Skipped where LiteRT has no GPU for the file: apps then run it on the CPU. */
    @Test
    fun gpuComputesWhatPyTorchDoes() = try {
        verify(Accelerator.GPU, Limit("fp16"))
    } catch (failure: LiteRtException) {
        assumeNoException("The GPU does not run the file", failure)
    }

    @Test
    fun bitmapBecomesWhatTheFileComputes() = runBlocking {
        val tile = samples.first().picture
        val expected = openFile(context.assets, asset, listOf(Accelerator.CPU)).use {
            it.asNetwork().runTile(tile, gray = false)
        }
        val bitmap = Bitmap.createBitmap(tile.size.width, tile.size.height, Bitmap.Config.ARGB_8888)
        bitmap.setHasAlpha(false)
        bitmap.write(tile, 0)
        val large = SCNetUpscaler.open(context, accelerators = listOf(Accelerator.CPU)).use { it.upscale(bitmap) }
        val argb = IntArray(large.width * large.height)
        large.getPixels(argb, 0, large.width, 0, 0, large.width, large.height)
        assertArrayEquals(expected.argb, argb)
    }

    private fun verify(accelerator: Accelerator, limit: Limit) =
        openFile(context.assets, asset, listOf(accelerator)).use { file ->
            val network = file.asNetwork()
            val meanErrors = samples.map { sample ->
                val actual = when (network) {
                    is FloatNetwork -> network.run(toFloats(sample.picture), sample.size)
                    is ByteNetwork -> toFloats(network.run(toBytes(sample.picture), sample.size))
                }
                limit.check(sample.expected(file.model.type), sample.keep(actual, file.model.scale))
            }
            if (file.model.type == ValueType.UINT8) limit.checkRounding(meanErrors)
        }

    private inner class Limit(arithmetic: String) {
        private val limits = parseJson(read("limits.json").decodeToString())
        private val fields = limits.field(arithmetic)
        private val maxAbs = fields.field("max_abs") as Double? ?: Double.POSITIVE_INFINITY
        private val psnrDb = fields.field("psnr_db") as Double

        /** Returns the mean error, white being 1; fails for values that are not numbers, too. */
        fun check(expected: List<Float>, actual: List<Float>): Double {
            assertEquals(expected.size, actual.size)
            val errors = expected.indices.map { (actual[it] - expected[it]).toDouble() }
            assertTrue(errors.all { abs(it) <= maxAbs })
            assertTrue(errors.map { it * it }.average() <= 10.0.pow(-psnrDb / 10))
            return errors.average()
        }

        /** Truncation, half a level too dark, passes by its PSNR. */
        fun checkRounding(meanErrors: List<Double>) {
            val median = 255 * meanErrors.sorted()[meanErrors.size / 2]
            val limit = limits.field("signed_error_levels") as Double
            assertTrue("the engine truncates instead of rounding", median >= -limit)
            assertTrue("the engine rounds up instead of rounding", median <= limit)
        }
    }

    private inner class Sample(private val fields: Any?) {
        val size = (fields.field("input_shape") as List<*>).let { Size(it[2].asInt(), it[3].asInt()) }

        /** From bytes of all of red, then green, then blue. */
        val picture: Pixels by lazy {
            val bytes = read(fields.field("input") as String)
            val plane = bytes.size / 3
            fun value(index: Int) = bytes[index].toInt() and 255
            Pixels(size, IntArray(plane) {
                OPAQUE or (value(it) shl 16) or (value(plane + it) shl 8) or value(2 * plane + it)
            })
        }

        /** PyTorch's output; for a file of bytes, what it is in 8 bits. */
        fun expected(type: ValueType): List<Float> {
            val bytes = ByteBuffer.wrap(read(fields.field("output") as String)).order(ByteOrder.LITTLE_ENDIAN)
            val values = List(bytes.remaining() / 4) { bytes.getFloat() }
            if (type == ValueType.FLOAT32) return values
            return values.map { Math.rint(it.coerceIn(0f, 1f) * 255.0).toFloat() / 255 }
        }

        /** Returns the values of a whole output that the sample keeps, in its order. */
        fun keep(output: FloatArray, scale: Int): List<Float> {
            val (height, width) = size.height * scale to size.width * scale
            assertEquals(3 * height * width, output.size)
            val step = fields.field("output_stride").asInt()
            return (0 until 3).flatMap { color ->
                kept(height, step).flatMap { row -> kept(width, step).map { output[(row * width + it) * 3 + color] } }
            }
        }
    }

    /** Rows or columns that a sample keeps: 0, s, 2s, ... and the last. */
    private fun kept(length: Int, step: Int) = (0 until length - 1 step step) + (length - 1)

    private fun read(path: String) = assets.open(path).readBytes()
}
