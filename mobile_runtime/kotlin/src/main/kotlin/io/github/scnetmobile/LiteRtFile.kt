package io.github.scnetmobile

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer

/** A `.tflite` file compiled for one accelerator. */
internal class LiteRtFile(
    val model: ModelDescription,
    val accelerator: Accelerator,
    /** Accelerators that were asked for first, and why they do not run the file. */
    val failures: Map<Accelerator, LiteRtException>,
    private val compiled: CompiledModel,
) : AutoCloseable {
    private val inputs: List<TensorBuffer> = compiled.createInputBuffers()
    private val outputs: List<TensorBuffer> = compiled.createOutputBuffers()

    /** Returns the file as a network for tiles. */
    fun asNetwork(): Network = if (model.type == ValueType.FLOAT32) Floats() else Bytes()

    override fun close() {
        (inputs + outputs).forEach { it.close() }
        compiled.close()
    }

    private inner class Floats : FloatNetwork {
        override val model get() = this@LiteRtFile.model

        override fun run(image: FloatArray, size: Size): FloatArray {
            inputs[0].writeFloat(image)
            compiled.run(inputs, outputs)
            return outputs[0].readFloat()
        }

        override fun close() = this@LiteRtFile.close()
    }

    private inner class Bytes : ByteNetwork {
        override val model get() = this@LiteRtFile.model

        override fun run(pixels: ByteArray, size: Size): ByteArray {
            inputs[0].writeInt8(pixels)
            compiled.run(inputs, outputs)
            return outputs[0].readInt8()
        }

        override fun close() = this@LiteRtFile.close()
    }
}

/** Folder of the assets in which `scnet bundle` has put a file. */
private const val FOLDER = "scnet"

/** Returns the path of this module's own file, or throws [UpscaleException.UnexpectedModel]. */
internal fun findModel(assets: AssetManager): String {
    val names = assets.list(FOLDER).orEmpty().filter { it.endsWith(".tflite") }
    if (names.size != 1) {
        throw UpscaleException.UnexpectedModel(
            "There are ${names.size} .tflite files in assets/$FOLDER instead of one: name the file to open.",
        )
    }
    return "$FOLDER/${names.single()}"
}

/**
 * Compiles a file of the assets for the first accelerator that takes it.
 *
 * Asked for several at once, LiteRT would run the file on the CPU without a word where the GPU's
 * library is missing; so they are asked for one after the other.
 *
 * @throws UpscaleException.UnexpectedModel The manifest is missing, or none of such a file.
 * @throws LiteRtException No accelerator takes the file.
 */
internal fun openFile(assets: AssetManager, asset: String, accelerators: List<Accelerator>): LiteRtFile {
    require(accelerators.isNotEmpty()) { "No accelerator was named." }
    val model = ModelDescription.fromManifest(assets.open("$asset.json").use { it.readBytes().decodeToString() })
    if (model.sizes?.size != 1) {
        throw UpscaleException.UnexpectedModel("$asset does not take exactly one size: convert it for one.")
    }
    val failures = mutableMapOf<Accelerator, LiteRtException>()
    for (accelerator in accelerators) {
        try {
            val compiled = CompiledModel.create(assets, asset, CompiledModel.Options(accelerator))
            return LiteRtFile(model, accelerator, failures, compiled)
        } catch (failure: LiteRtException) {
            failures[accelerator] = failure
        }
    }
    throw failures.values.last()
}
