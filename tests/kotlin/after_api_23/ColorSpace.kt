package android.graphics

/** A stand-in for a class of API 26. */
class ColorSpace(val model: Model, val isSrgb: Boolean) {
    enum class Model { RGB }

    enum class Named { SRGB }

    companion object {
        @JvmStatic
        fun get(name: Named) = ColorSpace(Model.RGB, name == Named.SRGB)
    }
}
