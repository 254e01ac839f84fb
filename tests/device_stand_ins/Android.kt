package androidx.test.platform.app

import java.io.File

/** Stand-ins for the instrumentation of a test on Android: assets lie in a folder. */
class AssetManager {
    fun open(name: String) = File(System.getProperty("assets"), name).inputStream()
}

class Context(val assets: AssetManager)

class Instrumentation(val context: Context)

object InstrumentationRegistry {
    @JvmStatic fun getInstrumentation() = Instrumentation(Context(AssetManager()))
}
