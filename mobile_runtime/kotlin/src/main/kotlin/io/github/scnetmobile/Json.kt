package io.github.scnetmobile

/**
 * Returns the value of a JSON text (RFC 8259): a map, list, string, [Double], Boolean or null.
 *
 * Android's own parser is not on other JVMs, and this library depends on no other.
 *
 * @throws IllegalArgumentException The text is no JSON, or is nested more than 64 levels deep.
 */
internal fun parseJson(text: String): Any? = JsonReader(text).readAll()

/** Returns a field of a map; anything else is no such map. */
internal fun Any?.field(name: String): Any? = (this as Map<*, *>).also { require(name in it) }[name]

/** Returns a number that has no fraction. */
internal fun Any?.asInt(): Int = (this as Double).also { require(it == Math.rint(it)) }.toInt()

private const val MAX_DEPTH = 64
private val NUMBER = Regex("""-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?""")
private val ESCAPES = mapOf('"' to '"', '\\' to '\\', '/' to '/', 'b' to '\b', 'f' to '\u000C', 'n' to '\n', 'r' to '\r', 't' to '\t')

private class JsonReader(private val text: String) {
    private var position = 0

    fun readAll(): Any? {
        val value = read(0)
        skipSpace()
        require(position == text.length) { "More follows at $position" }
        return value
    }

    private fun read(depth: Int): Any? {
        require(depth < MAX_DEPTH) { "Nested too deep" }
        skipSpace()
        return when (peek()) {
            '{' -> readList('{', '}') { readPair(depth) }.toMap()
            '[' -> readList('[', ']') { read(depth + 1) }
            '"' -> readString()
            't' -> readWord("true", true)
            'f' -> readWord("false", false)
            'n' -> readWord("null", null)
            else -> readNumber()
        }
    }

    private fun readPair(depth: Int): Pair<String, Any?> {
        skipSpace()
        val name = readString()
        skipSpace()
        expect(':')
        return name to read(depth + 1)
    }

    private fun <T> readList(start: Char, end: Char, readItem: () -> T): List<T> {
        expect(start)
        skipSpace()
        val items = mutableListOf<T>()
        if (peek() != end) {
            items += readItem()
            skipSpace()
            while (peek() == ',') {
                position++
                items += readItem()
                skipSpace()
            }
        }
        expect(end)
        return items
    }

    private fun readString(): String = buildString {
        expect('"')
        while (peek() != '"') append(readCharacter())
        position++
    }

    private fun readCharacter(): Char {
        val character = text[position++]
        if (character != '\\') return character.also { require(it >= ' ') { "Control character" } }
        if (peek() != 'u') return requireNotNull(ESCAPES[text[position++]]) { "Unknown escape" }
        position += 5
        require(position <= text.length) { "The text ends too early" }
        return text.substring(position - 4, position).toInt(16).toChar()
    }

    private fun readNumber(): Double {
        val found = requireNotNull(NUMBER.matchAt(text, position)) { "No value at $position" }
        position = found.range.last + 1
        return found.value.toDouble()
    }

    private fun readWord(word: String, value: Boolean?): Boolean? {
        require(text.startsWith(word, position)) { "No value at $position" }
        position += word.length
        return value
    }

    private fun expect(character: Char) {
        require(peek() == character) { "Expected $character at $position" }
        position++
    }

    private fun peek(): Char {
        require(position < text.length) { "The text ends too early" }
        return text[position]
    }

    private fun skipSpace() {
        while (position < text.length && text[position] in " \t\n\r") position++
    }
}
