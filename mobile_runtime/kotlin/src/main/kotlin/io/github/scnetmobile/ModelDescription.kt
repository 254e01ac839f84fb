package io.github.scnetmobile

/** Type of the values that go into a file and come out of it, always in the order NHWC, RGB. */
enum class ValueType {
    /** In 0..1; the output may overshoot it a little. */
    FLOAT32,

    /** In 0..255. */
    UINT8,
}

/** What the manifest beside a model file says of it, as far as tiles go by it. */
data class ModelDescription(
    /** Output pixels per input pixel and side. */
    val scale: Int,
    /** How far an output pixel sees, in low-resolution pixels. */
    val halo: Int,
    /** The input sizes that the file takes; null if it takes any. */
    val sizes: List<Size>?,
    val type: ValueType = ValueType.FLOAT32,
    /** As much of the halo as 8-bit values need, to within one level. */
    val halo8Bit: Int = halo,
) {
    companion object {
        /**
         * Reads the manifest that `scnet convert` writes beside a `.tflite` file.
         *
         * @param json the content of the manifest.
         * @throws UpscaleException.UnexpectedModel It is no such manifest.
         */
        fun fromManifest(json: String): ModelDescription = try {
            val model = parseJson(json).field("model")
            val ports = listOf(model.field("input"), model.field("output"))
            val types = ports.map { ValueType.valueOf((it.field("dtype") as String).uppercase()) }
            require(ports.all { it.field("layout") == "NHWC" } && types.distinct().size == 1)
            val sizes = (model.field("sizes") as List<*>?)?.map { it as List<*> }
            val halo = model.field("halo").asInt()
            ModelDescription(
                model.field("scale").asInt(),
                halo,
                sizes?.map { (height, width) -> Size(height.asInt(), width.asInt()) },
                types.first(),
                (model as Map<*, *>)["halo_8bit"]?.asInt() ?: halo,
            ).also { it.check() }
        } catch (error: RuntimeException) {
            throw UpscaleException.UnexpectedModel(
                "This is no manifest of a .tflite file that takes and gives float32 or uint8 values: " +
                    "take the .json that scnet convert wrote beside the file.",
            ).initCause(error)
        }
    }

    private fun check() {
        require(scale in 1..MAX_SCALE && halo in 0..MAX_HALO && halo8Bit in 0..halo)
        require(sizes == null || sizes.isNotEmpty() && sizes.all { it.height in 1..MAX_SIDE && it.width in 1..MAX_SIDE })
    }
}

private const val MAX_SCALE = 8
private const val MAX_HALO = 4096
private const val MAX_SIDE = 16384
