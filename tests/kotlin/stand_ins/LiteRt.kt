package com.google.ai.edge.litert

import android.content.res.AssetManager
import io.github.scnetmobile.ByteNetwork
import io.github.scnetmobile.FloatNetwork
import io.github.scnetmobile.IntegerByteNetwork
import io.github.scnetmobile.IntegerFloatNetwork
import io.github.scnetmobile.ModelDescription
import io.github.scnetmobile.Network
import io.github.scnetmobile.ValueType

/** Stand-ins for LiteRT 2's Kotlin API, after its documentation: no package here has the real one. */
enum class Accelerator { NONE, CPU, GPU, NPU }

class LiteRtException(message: String) : Exception(message)

class TensorBuffer : AutoCloseable {
    private var floats = FloatArray(0)
    private var bytes = ByteArray(0)

    fun writeFloat(data: FloatArray) { floats = data }

    fun readFloat(): FloatArray = floats

    fun writeInt8(data: ByteArray) { bytes = data }

    fun readInt8(): ByteArray = bytes

    override fun close() {}
}

class CompiledModel private constructor(private val network: Network) : AutoCloseable {
    private val thread = Thread.currentThread()

    class Options(val accelerator: Accelerator)

    fun createInputBuffers() = listOf(TensorBuffer())

    fun createOutputBuffers() = listOf(TensorBuffer())

    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>) {
        check(Thread.currentThread() == thread) { "The GPU engine runs on the thread that compiled for it" }
        val size = network.model.sizes!!.single()
        when (network) {
            is FloatNetwork -> outputs[0].writeFloat(network.run(inputs[0].readFloat(), size))
            is ByteNetwork -> outputs[0].writeInt8(network.run(inputs[0].readInt8(), size))
        }
    }

    override fun close() { open.decrementAndGet() }

    companion object {
        /** What this stand-in runs, where, and how many are open; set by tests. */
        var network: (ModelDescription) -> Network = { if (it.type == ValueType.UINT8) IntegerByteNetwork(it) else IntegerFloatNetwork(it) }
        var available = setOf(Accelerator.CPU)
        val open = java.util.concurrent.atomic.AtomicInteger()

        @JvmStatic
        fun create(assets: AssetManager, name: String, options: Options): CompiledModel {
            if (options.accelerator !in available) throw LiteRtException("no ${options.accelerator} here")
            return CompiledModel(network(ModelDescription.fromManifest(assets.open("$name.json").readBytes().decodeToString()))).also { open.incrementAndGet() }
        }
    }
}
