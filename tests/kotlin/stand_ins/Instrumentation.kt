package androidx.test.platform.app

import android.content.Context

/** Stand-ins for what a test on a device uses; in a library's test, both contexts are of one app. */
class Instrumentation(val context: Context) {
    val targetContext get() = context
}

object InstrumentationRegistry {
    /** Set by whoever runs tests. */
    lateinit var context: Context

    @JvmStatic fun getInstrumentation() = Instrumentation(context)
}
