package io.github.scnetmobile

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** What an app relies on, on any JVM. */
class UpscaleTest {
    private val tile = Size(16, 20)
    private val model = ModelDescription(scale = 2, halo = 3, sizes = listOf(tile))
    private val picture = makePicture(Size(30, 45), 7)

    @Test
    fun tilesGiveWhatTheWholePictureGives() = runBlocking {
        val anySize = model.copy(sizes = null)
        for ((height, width) in listOf(30 to 45, 16 to 20, 17 to 90, 5 to 7, 1 to 1, 40 to 3)) {
            val picture = makePicture(Size(height, width), 11)
            val wide = mirrored(picture, Size(maxOf(height, tile.height), maxOf(width, tile.width)))
            val expected = corner(IntegerFloatNetwork(anySize).upscale(wide, side = 100), Size(2 * height, 2 * width))
            for (network in listOf(IntegerFloatNetwork(model), IntegerByteNetwork(model.copy(type = ValueType.UINT8)))) {
                assertArrayEquals(expected.argb, network.upscale(picture).argb)
            }
            val untiled = IntegerFloatNetwork(anySize).upscale(picture, side = 100)
            assertArrayEquals(untiled.argb, IntegerFloatNetwork(anySize).upscale(picture, side = 16).argb)
        }
    }

    @Test
    fun progressCountsEveryTile() = runBlocking {
        val told = mutableListOf<Pair<Int, Int>>()
        IntegerFloatNetwork(model).upscale(picture, onProgress = { done, total -> told += done to total })
        assertEquals((1..9).map { it to 9 }, told)
    }

    @Test
    fun cancellationIsNoticedBetweenTiles() = runBlocking {
        var last = 0
        var failure: Throwable? = null
        launch {
            val job = coroutineContext[Job]!!
            failure = runCatching {
                IntegerFloatNetwork(model).upscale(picture, onProgress = { done, _ ->
                    last = done
                    if (done == 2) job.cancel()
                })
            }.exceptionOrNull()
        }.join()
        assertTrue(failure is CancellationException)
        assertEquals(2, last)
    }

    @Test
    fun resultsThatAreTooLargeAreRefused() = runBlocking {
        val failure = runCatching { IntegerFloatNetwork(model).upscale(Pixels(Size(1, 16_000_001))) }.exceptionOrNull()
        assertEquals(64_000_004L, (failure as UpscaleException.TooManyPixels).pixels)
    }
}

/** Continues a picture by its mirror image, which repeats the border, again and again. */
private fun mirrored(picture: Pixels, size: Size): Pixels {
    fun place(index: Int, length: Int) = if (index / length % 2 == 0) index % length else length - 1 - index % length
    return pick(picture, size) { y, x -> place(y, picture.size.height) to place(x, picture.size.width) }
}

private fun corner(picture: Pixels, size: Size) = pick(picture, size) { y, x -> y to x }

private fun pick(picture: Pixels, size: Size, place: (Int, Int) -> Pair<Int, Int>) =
    Pixels(size, IntArray(size.height * size.width) {
        val (row, column) = place(it / size.width, it % size.width)
        picture.argb[row * picture.size.width + column]
    })
