package android.content.res

import java.io.FileNotFoundException
import java.io.InputStream

/** A stand-in for Android's class. */
class AssetManager(private val files: Map<String, ByteArray>) {
    fun open(name: String): InputStream = files[name]?.inputStream() ?: throw FileNotFoundException(name)

    fun list(folder: String): Array<String>? = files.keys.filter { it.substringBeforeLast('/', "") == folder }
        .map { it.substringAfterLast('/') }.toTypedArray()
}
