#if canImport(CoreML) && canImport(CoreGraphics)
import CoreGraphics
import CoreML
import Foundation
@_exported import SCNetTiles

/// Upscales pictures of any size with an `.mlpackage` that `scnet convert` made.
///
/// ```swift
/// let upscaler = try SCNetUpscaler()
/// let large = try await upscaler.upscale(image)
/// ```
///
/// Several tasks may call at once: they take turns tile by tile.
public final class SCNetUpscaler: Sendable {
    /// Output pixels per input pixel and side.
    public var scale: Int { model.description.scale }

    private let model: CoreMLModel

    /// Opens the model in this package; takes seconds where Core ML prepares it for the device the first time.
    ///
    /// - Parameter computeUnits: By `.all`, Core ML may take the GPU where the Neural Engine is faster.
    /// - Throws: `UpscaleError.unexpectedModel` if there is none, or what Core ML throws.
    public init(computeUnits: MLComputeUnits = .cpuAndNeuralEngine) throws {
        model = try BundledModel().open(computeUnits)
    }

    /// Opens another model file, as the one in this package.
    ///
    /// - Parameters:
    ///   - url: An `.mlmodelc`, as Xcode makes it of an `.mlpackage`, or an `.mlpackage`, which is
    ///     compiled now.
    ///   - computeUnits: As for the model in this package.
    /// - Throws: `UpscaleError.unexpectedModel` if `scnet convert` did not make the file, or made it
    ///   with arrays for its input and output; or what Core ML throws.
    public init(model url: URL, computeUnits: MLComputeUnits = .cpuAndNeuralEngine) throws {
        model = try CoreMLModel(contentsOf: url, computeUnits: computeUnits)
    }

    /// Returns a picture upscaled, with its color space and transparency.
    ///
    /// Canceled between tiles.
    ///
    /// - Parameters:
    ///   - exact: Gives each value as the whole picture in one piece would. Else tiles overlap by what
    ///     the file says is enough for 8 bits, and values may differ by one level.
    ///   - onProgress: Called after each tile, on no particular thread.
    /// - Throws: `UpscaleError.tooManyPixels` if the result has more than `maxResultPixels`: take
    ///   bands. Else other cases of `UpscaleError`, `CancellationError`, or what Core ML throws.
    public func upscale(
        _ image: CGImage, exact: Bool = false, onProgress: OnProgress = { _, _ in }
    ) async throws -> CGImage {
        let source = try PicturePixels(image)
        let size = try checkedResultSize(source.pixels.size, scale: scale)
        var bytes = Data(capacity: size.area * bytesPerPixel)
        try await run(source, exact, onProgress) { bytes.append(contentsOf: $0.pixels.bytes) }
        return try source.makeImage(size, bytes)
    }

    /// Upscales a picture into bands, from top to bottom; memory holds one of them at a time.
    ///
    /// For results too large for one picture: encode the rows as they come.
    ///
    /// - Parameter onBand: Takes rows of the result as wide as it, and the row in which they begin.
    public func upscaleInBands(
        _ image: CGImage, exact: Bool = false, onProgress: OnProgress = { _, _ in },
        onBand: @Sendable (_ band: CGImage, _ top: Int) async throws -> Void
    ) async throws {
        let source = try PicturePixels(image)
        try await run(source, exact, onProgress) { band in
            try await onBand(source.makeImage(band.pixels.size, Data(band.pixels.bytes)), band.top)
        }
    }

    private func run(
        _ source: PicturePixels, _ exact: Bool, _ onProgress: OnProgress,
        onBand: (Band) async throws -> Void
    ) async throws {
        try await SCNetTiles.upscale(
            source.pixels, with: CoreMLNetwork(model), opaque: source.isOpaque, exact: exact,
            onProgress: onProgress, onBand: onBand)
    }
}
#endif
