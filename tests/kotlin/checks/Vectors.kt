package io.github.scnetmobile

import java.io.File
import java.util.zip.CRC32
import kotlinx.coroutines.runBlocking

/** Compares with `tests/vectors/tiles.json`; prints what differs, and what was compared last. */
fun main(arguments: Array<String>) {
    val vectors = parseJson(File(arguments[0]).readText())
    val cases = vectors["tilings"] as List<*>
    val differ = cases.filterNot { agrees(it, ::tilingAgrees) }.map { "tiling ${it["seed"]}" } +
        (vectors["transparency"] as List<*>).filterNot { agrees(it, ::alphaAgrees) }.map { "transparency ${it["seed"]}" } +
        listOf("rounding").filterNot { roundingAgrees(vectors[it]) }
    differ.forEach { println("differs: $it") }
    println("${cases.size} tilings, ${differ.size} differ")
}

/** A planted fault may read outside a picture: that differs, too. */
private fun agrees(case: Any?, check: (Any?) -> Boolean) = runCatching { check(case) }.getOrDefault(false)

private operator fun Any?.get(name: String): Any? = (this as Map<*, *>).entries.firstOrNull { it.key == name }?.value

private fun Any?.int(name: String) = (this[name] as Double).toInt()

private fun Any?.integers(name: String) = (this[name] as List<*>).map { (it as Double).toLong().toInt() }

private fun tilingAgrees(case: Any?): Boolean {
    val sizes = (case["sizes"] as List<*>?)?.map { (it as List<*>).map { side -> (side as Double).toInt() } }
    val side = (case["side"] as Double?)?.toInt()
    val smaller = (case["halo_8bit"] as Double?)?.toInt() ?: case.int("halo")
    val exact = case["exact"] as Boolean
    val size = Size(case.int("height"), case.int("width"))
    val networks = ValueType.values().map { type ->
        val model = ModelDescription(case.int("scale"), case.int("halo"), sizes?.map { Size(it[0], it[1]) }, type, smaller)
        if (type == ValueType.UINT8) IntegerByteNetwork(model) else IntegerFloatNetwork(model)
    }
    val picture = makePicture(size, case.int("seed"), case["gray"] as Boolean)
    return networks.all { network ->
        try {
            val plan = planTiles(size, network.model, side, exact)
            val result = runBlocking { network.upscale(picture, side, exact) }
            plan.rows.map(::numbers) == case["rows"] && plan.columns.map(::numbers) == case["columns"] &&
                checksum(toBytes(result)) == (case["crc32"] as Double).toLong()
        } catch (error: UpscaleException) {
            when (error) {
                is UpscaleException.NoPixels -> case["refused"] == "no pixels"
                is UpscaleException.FixedSizesOnly -> case["refused"] == "side for fixed sizes"
                is UpscaleException.TilesTooSmall ->
                    case["refused"] == "tiles too small" && case.int("smallest") == error.smallest
                else -> false
            }
        }
    }
}

private fun numbers(span: Span) =
    listOf(span.read.first, span.read.stop, span.kept.first, span.kept.stop).map { it.toDouble() }

private fun alphaAgrees(case: Any?): Boolean {
    val size = Size(case.int("height"), case.int("width"))
    val rgba = makeBytes(4 * size.height * size.width, case.int("seed"))
    val argb = IntArray(rgba.size / 4) {
        val alpha = rgba[4 * it + 3].let { alpha -> if (alpha < case.int("hidden_below")) 0 else alpha }
        (alpha shl 24) or (rgba[4 * it] shl 16) or (rgba[4 * it + 1] shl 8) or rgba[4 * it + 2]
    }
    val network = IntegerByteNetwork(ModelDescription(case.int("scale"), case.int("halo"), null, ValueType.UINT8))
    val result = runBlocking { network.upscale(Pixels(size, argb, hasAlpha = true), case.int("side")) }
    val bytes = ByteArray(4 * result.argb.size) { (result.argb[it / 4] shr intArrayOf(16, 8, 0, 24)[it % 4]).toByte() }
    return checksum(bytes) == (case["crc32"] as Double).toLong()
}

private fun roundingAgrees(case: Any?): Boolean {
    val values = case.integers("bits").map { Float.fromBits(it) }
    val size = Size(1, values.size)
    val rounded = toPixels(values.flatMap { value -> List(3) { value } }.toFloatArray(), size)
    val levels = Pixels(Size(1, 256), IntArray(256) { it * 0x10101 })
    return toBytes(rounded).map { it.toInt() and 255 } == case.integers("pixels").flatMap { level -> List(3) { level } } &&
        toFloats(levels).map { it.toRawBits() } == case.integers("floats").flatMap { bits -> List(3) { bits } }
}

private fun checksum(bytes: ByteArray) = CRC32().apply { update(bytes) }.value
