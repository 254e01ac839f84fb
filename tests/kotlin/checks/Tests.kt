package io.github.scnetmobile

import android.content.Context
import android.content.res.AssetManager
import androidx.test.platform.app.InstrumentationRegistry
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.roundToInt
import org.junit.AssumptionViolatedException
import org.junit.Test

/**
 * Runs the tests of a class as JUnit does, and prints how each ended.
 *
 * Arguments: class; for a test on a device, the module and folders of what its file computes, each of
 * which stands for one such file. There is a GPU unless the folder's name begins with `no GPU`.
 */
fun main(arguments: Array<String>) {
    val type = Class.forName(arguments[0])
    if (arguments.size == 1) return runTests(type, "")
    InstrumentationRegistry.context = Context(AssetManager(readAssets(File(arguments[1]))))
    for (folder in arguments.drop(2).map(::File)) {
        CompiledModel.available = if (folder.name.startsWith("no GPU")) setOf(Accelerator.CPU) else Accelerator.values().toSet()
        CompiledModel.network = { if (it.type == ValueType.FLOAT32) RecordedFloats(it, folder) else RecordedBytes(it, folder) }
        runTests(type, " ${folder.name}")
    }
}

private fun runTests(type: Class<*>, folder: String) {
    for (test in type.declaredMethods.filter { it.isAnnotationPresent(Test::class.java) }) {
        val result = try {
            test.invoke(type.getDeclaredConstructor().newInstance())
            "passed"
        } catch (error: InvocationTargetException) {
            if (error.cause is AssumptionViolatedException) "skipped" else "failed"
        }
        println("$result ${test.name}$folder")
    }
}

/** The assets of a module and of its test on a device are in the test's app. */
private fun readAssets(module: File) = listOf("main", "androidTest").flatMap { part ->
    val root = File(module, "src/$part/assets")
    root.walk().filter { it.isFile }.map { it.relativeTo(root).invariantSeparatorsPath to it.readBytes() }
}.toMap()

/** Planes of red, green and blue that a file computes; each lies beside the input that it belongs to. */
private fun findOutput(folder: File, pixels: FloatArray): FloatArray {
    val inputs = folder.listFiles()!!.filter { it.extension == "input" }
    val input = inputs.first { toPixelOrder(readFloats(it)).contentEquals(pixels) }
    return toPixelOrder(readFloats(File(folder, "${input.nameWithoutExtension}.output")))
}

private fun readFloats(file: File): FloatArray {
    val bytes = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.LITTLE_ENDIAN)
    return FloatArray(bytes.remaining() / 4) { bytes.getFloat() }
}

private fun toPixelOrder(planes: FloatArray) = FloatArray(planes.size) { planes[it % 3 * (planes.size / 3) + it / 3] }

private class RecordedFloats(override val model: ModelDescription, private val folder: File) : FloatNetwork {
    override fun run(image: FloatArray, size: Size) = findOutput(folder, image)

    override fun close() {}
}

private class RecordedBytes(override val model: ModelDescription, private val folder: File) : ByteNetwork {
    override fun run(pixels: ByteArray, size: Size): ByteArray {
        val output = findOutput(folder, toFloats(pixels))
        return ByteArray(output.size) { if (output[it].isNaN()) 0 else (output[it].coerceIn(0f, 1f) * 255).roundToInt().toByte() }
    }

    override fun close() {}
}
