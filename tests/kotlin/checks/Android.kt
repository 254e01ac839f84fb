package io.github.scnetmobile

import android.content.Context
import android.content.res.AssetManager
import android.graphics.Bitmap
import android.graphics.ColorSpace
import android.os.Build
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import java.io.IOException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

private val SIZE = Size(30, 45)
private val P3 = ColorSpace.get(ColorSpace.Named.DISPLAY_P3)

/** What an app relies on, on stand-ins for Android and LiteRT; prints one line per check. */
fun main() {
    val checks = mapOf(
        "float file equals the core" to { equalsCore("float32") },
        "uint8 file equals the core" to { equalsCore("uint8") },
        "bands are the whole" to ::bandsAreTheWhole,
        "GPU goes before CPU" to ::accelerators,
        "Display P3 stays as it is stored" to { keepsColorSpace(36) },
        "Display P3 becomes sRGB before Android 10" to { keepsColorSpace(28) },
        "hardware bitmaps are copied" to ::hardwareBitmap,
        "transparency" to ::transparency,
        "progress and cancellation" to ::cancellation,
        "closed while it runs" to ::closing,
        "two at once" to ::twoAtOnce,
        "too large" to ::tooLarge,
        "refusals" to ::refusals,
    )
    for ((name, check) in checks) {
        val result = runCatching(check)
        println("${if (result.getOrDefault(false)) "passed" else "FAILED"}: $name ${result.exceptionOrNull() ?: ""}")
    }
}

private fun manifest(type: String = "float32", sizes: String = "[[16, 20]]"): String {
    val port = """{"name": "image", "shape": [1, 16, 20, 3], "dtype": "$type", "layout": "NHWC"}"""
    return """{"file": "a.tflite", "model": {"scale": 2, "halo": 3, "sizes": $sizes, "input": $port, "output": $port}}"""
}

private fun context(manifest: String = manifest(), names: List<String> = listOf("a.tflite")) =
    Context(AssetManager(names.flatMap { listOf("scnet/$it" to byteArrayOf(), "scnet/$it.json" to manifest.toByteArray()) }.toMap()))

private fun open(manifest: String = manifest()) = runBlocking { SCNetUpscaler.open(context(manifest)) }

private fun makeBitmap(size: Size = SIZE, config: Bitmap.Config = Bitmap.Config.ARGB_8888, hasAlpha: Boolean = false): Bitmap {
    val bitmap = Bitmap.createBitmap(size.width, size.height, config)
    bitmap.setPixels(picture(size, hasAlpha).argb, 0, size.width, 0, 0, size.width, size.height)
    return bitmap.also { it.setHasAlpha(hasAlpha) }
}

private fun picture(size: Size = SIZE, hasAlpha: Boolean = false): Pixels {
    val argb = makePicture(size, 7).argb
    if (hasAlpha) makeBytes(argb.size, 8).forEachIndexed { k, alpha -> argb[k] = (argb[k] and 0xFFFFFF) or (alpha shl 24) }
    return Pixels(size, argb, hasAlpha)
}

private fun wanted(hasAlpha: Boolean = false): IntArray = runBlocking {
    IntegerFloatNetwork(ModelDescription.fromManifest(manifest())).upscale(picture(hasAlpha = hasAlpha)).argb
}

private fun equalsCore(type: String) = open(manifest(type)).use { upscaler ->
    val result = runBlocking { upscaler.upscale(makeBitmap()) }
    result.stored().contentEquals(wanted()) && !result.hasAlpha() && upscaler.scale == 2
}

private fun bandsAreTheWhole() = open().use { upscaler ->
    val rows = mutableListOf<Int>()
    runBlocking {
        upscaler.upscaleInBands(makeBitmap()) { band, top ->
            check(top * band.width == rows.size)
            rows += band.stored().toList()
        }
    }
    rows == wanted().toList()
}

private fun accelerators(): Boolean {
    val onCpu = open().use { it.accelerator == Accelerator.CPU && it.failures.keys == setOf(Accelerator.GPU) }
    CompiledModel.available = setOf(Accelerator.CPU, Accelerator.GPU)
    val onGpu = open().use { it.accelerator == Accelerator.GPU && it.failures.isEmpty() }
    CompiledModel.available = setOf()
    val refused = runCatching { open() }.exceptionOrNull() is LiteRtException
    CompiledModel.available = setOf(Accelerator.CPU)
    return onCpu && onGpu && refused
}

/** The stand-in's `getPixels` changes values outside sRGB, so kept values show that it was not asked. */
private fun keepsColorSpace(version: Int): Boolean = open().use { upscaler ->
    Build.VERSION.SDK_INT = version
    val bitmap = makeBitmap().also { it.setColorSpace(P3) }
    val result = runBlocking { upscaler.upscale(bitmap) }
    Build.VERSION.SDK_INT = 36
    val kept = result.getColorSpace() == P3 && result.stored().contentEquals(wanted())
    (if (version >= 29) kept else result.getColorSpace()!!.isSrgb) && bitmap.getColorSpace() == P3
}

private fun hardwareBitmap() = open().use { upscaler ->
    runBlocking { upscaler.upscale(makeBitmap(config = Bitmap.Config.HARDWARE)) }.stored().contentEquals(wanted())
}

private fun transparency() = open().use { upscaler ->
    val result = runBlocking { upscaler.upscale(makeBitmap(hasAlpha = true)) }
    result.hasAlpha() && result.stored().contentEquals(wanted(hasAlpha = true))
}

private fun cancellation() = open().use { upscaler ->
    val told = mutableListOf<Pair<Int, Int>>()
    runBlocking {
        val job = launch {
            upscaler.upscale(makeBitmap()) { done, total ->
                told += done to total
                if (done == 2) coroutineContext.cancelChildren()
            }
        }
        job.join()
        check(job.isCancelled)
    }
    told == listOf(1 to 9, 2 to 9)
}

private fun kotlin.coroutines.CoroutineContext.cancelChildren() =
    this[kotlinx.coroutines.Job]!!.children.forEach { it.cancel() }

private fun closing(): Boolean {
    if (!waitUntilOpen(0)) return false // those of the checks before close on threads of their own
    val upscaler = open()
    val failure = runCatching {
        runBlocking { upscaler.upscale(makeBitmap()) { done, _ -> if (done == 2) upscaler.close() } }
    }.exceptionOrNull()
    return failure is CancellationException && waitUntilOpen(0)
}

private fun waitUntilOpen(count: Int): Boolean {
    for (wait in 1..100) if (CompiledModel.open.get() != count) Thread.sleep(100)
    return CompiledModel.open.get() == count
}

private fun twoAtOnce() = open().use { upscaler ->
    runBlocking { List(2) { async { upscaler.upscale(makeBitmap()) } }.all { it.await().stored().contentEquals(wanted()) } }
}

private fun tooLarge() = open().use { upscaler ->
    val bitmap = makeBitmap(Size(1, 16_000_001))
    val failure = runCatching { runBlocking { upscaler.upscale(bitmap) } }.exceptionOrNull()
    failure is UpscaleException.TooManyPixels && failure.pixels == 64_000_004L
}

private fun refusals(): Boolean {
    val manifests = listOf(
        "", "{", "[]", "{\"model\": {}}", "[".repeat(9999), manifest("int8"), manifest(sizes = "[]"), manifest(sizes = "null"),
        manifest(sizes = "[[16, 20], [32, 32]]"), manifest(sizes = "[[0, 20]]"), manifest().replace("NHWC", "NCHW"),
        manifest().replace("\"scale\": 2", "\"scale\": 2.5"), manifest() + "}",
    )
    val missing = runCatching { runBlocking { SCNetUpscaler.open(context(), "b.tflite") } }.exceptionOrNull()
    val unnamed = listOf(listOf(), listOf("a.tflite", "b.tflite")).map { names ->
        runCatching { runBlocking { SCNetUpscaler.open(context(names = names)) } }.exceptionOrNull()
    }
    return missing is IOException && unnamed.all { it is UpscaleException.UnexpectedModel } &&
        manifests.all { runCatching { open(it) }.exceptionOrNull() is UpscaleException.UnexpectedModel }
}
