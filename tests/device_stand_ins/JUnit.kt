package org.junit

annotation class Test

object Assert {
    @JvmStatic fun assertTrue(right: Boolean) {
        if (!right) throw AssertionError("not true")
    }

    @JvmStatic fun assertTrue(message: String, right: Boolean) {
        if (!right) throw AssertionError(message)
    }

    @JvmStatic fun assertEquals(expected: Int, actual: Int) = assertTrue(expected == actual)

    @JvmStatic fun assertArrayEquals(expected: LongArray, actual: LongArray) = assertTrue(expected.contentEquals(actual))
}
