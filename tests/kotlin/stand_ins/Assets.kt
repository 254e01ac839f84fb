package android.content.res

import java.io.FileNotFoundException
import java.io.InputStream

/** A stand-in for Android's class. */
class AssetManager(private val files: Map<String, String>) {
    fun open(name: String): InputStream = files[name]?.byteInputStream() ?: throw FileNotFoundException(name)
}
