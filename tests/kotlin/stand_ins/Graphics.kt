package android.graphics

/** A stand-in for Android's class: an array of pixels, and a color space that `getPixels` converts from. */
class Bitmap private constructor(val width: Int, val height: Int, val config: Config?, private val stored: IntArray) {
    enum class Config { ALPHA_8, RGB_565, ARGB_8888, RGBA_F16, HARDWARE }

    private var alpha = true
    private var space: ColorSpace? = ColorSpace.get(ColorSpace.Named.SRGB)

    fun hasAlpha() = alpha

    fun setHasAlpha(hasAlpha: Boolean) {
        alpha = hasAlpha
    }

    fun getColorSpace() = space

    fun setColorSpace(colorSpace: ColorSpace) {
        space = colorSpace
    }

    fun copy(config: Config, isMutable: Boolean): Bitmap? = Bitmap(width, height, config, stored.clone()).also {
        check(isMutable)
        it.alpha = alpha
        it.space = space
    }

    fun getPixels(pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        check(config == Config.ARGB_8888 && x >= 0 && x + width <= this.width && stride >= width)
        for (row in 0 until height) for (column in 0 until width) {
            pixels[offset + row * stride + column] = convert(stored[(y + row) * this.width + x + column])
        }
    }

    fun setPixels(pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        for (row in 0 until height) for (column in 0 until width) {
            val opaque = if (alpha) 0 else 255 shl 24
            stored[(y + row) * this.width + x + column] = convert(pixels[offset + row * stride + column]) or opaque
        }
    }

    /** What is stored, for tests. */
    fun stored() = stored

    private fun convert(argb: Int) = if (space!!.isSrgb) argb else argb xor 0x101010

    companion object {
        @JvmStatic
        fun createBitmap(width: Int, height: Int, config: Config) = Bitmap(width, height, config, IntArray(width * height))
    }
}

class ColorSpace private constructor(val model: Model, val isSrgb: Boolean) {
    enum class Model { RGB, XYZ, LAB, CMYK }

    enum class Named { SRGB, DISPLAY_P3 }

    companion object {
        private val all = Named.values().associateWith { ColorSpace(Model.RGB, it == Named.SRGB) }

        @JvmStatic
        fun get(name: Named): ColorSpace = all.getValue(name)
    }
}
