package org.junit

/** Stand-ins for what tests use of JUnit 4. */
annotation class Test

object Assert {
    @JvmStatic fun assertTrue(right: Boolean) {
        if (!right) throw AssertionError("not true")
    }

    @JvmStatic fun assertTrue(message: String, right: Boolean) {
        if (!right) throw AssertionError(message)
    }

    @JvmStatic fun assertEquals(expected: Any?, actual: Any?) {
        if (expected != actual) throw AssertionError("$expected, not $actual")
    }

    @JvmStatic fun assertArrayEquals(expected: LongArray, actual: LongArray) = assertTrue(expected.contentEquals(actual))

    @JvmStatic fun assertArrayEquals(expected: IntArray, actual: IntArray) = assertTrue(expected.contentEquals(actual))
}

class AssumptionViolatedException(message: String, cause: Throwable) : RuntimeException(message, cause)

object Assume {
    @JvmStatic fun assumeNoException(message: String, cause: Throwable): Unit = throw AssumptionViolatedException(message, cause)
}
