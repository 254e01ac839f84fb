package io.github.scnetmobile

import android.content.Context
import android.graphics.Bitmap
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.LiteRtException
import java.util.concurrent.Executors
import kotlinx.coroutines.ExecutorCoroutineDispatcher
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.withContext

/**
 * Upscales bitmaps of any size with a `.tflite` file that `scnet convert` made.
 *
 * ```kotlin
 * SCNetUpscaler.open(context).use { upscaler ->
 *     val large = upscaler.upscale(bitmap) { done, total -> show(done, total) }
 * }
 * ```
 *
 * The network runs on a thread of its own, which LiteRT's GPU engine needs to be the one that
 * compiled it; several coroutines may call at once and take turns tile by tile.
 */
class SCNetUpscaler private constructor(
    private val file: LiteRtFile,
    private val thread: ExecutorCoroutineDispatcher,
) : AutoCloseable {
    private val network = file.asNetwork()

    /** What the file was compiled for. */
    val accelerator: Accelerator get() = file.accelerator

    /** Accelerators that were to be tried first, and why they do not run the file. */
    val failures: Map<Accelerator, LiteRtException> get() = file.failures

    /** Output pixels per input pixel and side. */
    val scale: Int get() = file.model.scale

    /**
     * Returns a bitmap upscaled, with its transparency and color space.
     *
     * Canceled between tiles. [onProgress] is called on the network's thread.
     *
     * @param exact gives each value as the whole picture in one piece would. Else tiles overlap by what
     *   the file says is enough for 8 bits, and values may differ by one level.
     * @throws UpscaleException.TooManyPixels The result has more than [MAX_RESULT_PIXELS]: take bands.
     * @throws UpscaleException See its other kinds.
     */
    suspend fun upscale(
        bitmap: Bitmap,
        exact: Boolean = false,
        onProgress: OnProgress = { _, _ -> },
    ): Bitmap = withContext(thread) {
        val source = BitmapPixels(bitmap)
        val result = source.createResult(checkedResultSize(source.size, scale))
        network.upscale(source, exact = exact, onProgress = onProgress) { band, top -> result.write(band, top) }
        source.finish(result)
    }

    /**
     * Upscales a bitmap into bands, from top to bottom; memory holds one of them at a time.
     *
     * For results too large for one bitmap: encode the rows as they come.
     *
     * @param onBand takes rows of the result as wide as it, and the row in which they begin.
     */
    suspend fun upscaleInBands(
        bitmap: Bitmap,
        exact: Boolean = false,
        onProgress: OnProgress = { _, _ -> },
        onBand: suspend (band: Bitmap, top: Int) -> Unit,
    ) = withContext(thread) {
        val source = BitmapPixels(bitmap)
        network.upscale(source, exact = exact, onProgress = onProgress) { band, top ->
            val rows = source.createResult(band.size)
            rows.write(band, 0)
            onBand(source.finish(rows), top)
        }
    }

    /** Frees the file; an upscaling that still runs is canceled at its next tile. */
    override fun close() {
        thread.executor.execute { network.close() }
        thread.close()
    }

    companion object {
        /**
         * Opens a file of the app's assets, beside which its manifest lies (`NAME.tflite.json`).
         *
         * @param asset its path; without one, the file that `scnet bundle` has put into this module.
         * @param accelerators are tried in this order; [SCNetUpscaler.accelerator] says which runs it.
         * @throws UpscaleException.UnexpectedModel The manifest is none of such a file, or there is no file.
         * @throws LiteRtException No accelerator takes the file.
         * @throws java.io.IOException The file or its manifest is not among the assets.
         */
        suspend fun open(
            context: Context,
            asset: String = findModel(context.assets),
            accelerators: List<Accelerator> = listOf(Accelerator.GPU, Accelerator.CPU),
        ): SCNetUpscaler {
            val thread = Executors.newSingleThreadExecutor { Thread(it, "scnet") }.asCoroutineDispatcher()
            return try {
                withContext(thread) { SCNetUpscaler(openFile(context.assets, asset, accelerators), thread) }
            } catch (failure: Throwable) {
                thread.close()
                throw failure
            }
        }
    }
}
