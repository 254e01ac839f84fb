#if canImport(CoreML) && canImport(CoreGraphics)
import CoreML
import CoreVideo
import Foundation
import SCNetTiles

/// An open file; an actor, since an `MLModel` is for one thread at a time.
actor CoreMLModel {
    nonisolated let description: ModelDescription
    private let model: MLModel

    init(contentsOf url: URL, computeUnits: MLComputeUnits) throws {
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        let compiled = url.pathExtension == "mlmodelc" ? url : try MLModel.compileModel(at: url)
        model = try MLModel(contentsOf: compiled, configuration: configuration)
        let metadata = model.modelDescription.metadata[.creatorDefinedKey] as? [String: String]
        description = try ModelDescription(metadata: metadata ?? [:])
    }

    /// Writes the upscaled input into the output, or into a buffer that Core ML prefers to it.
    func predict(_ slot: Slot) throws {
        let input = MLFeatureValue(pixelBuffer: try slot.input)
        let options = MLPredictionOptions()
        options.outputBackings = [description.output: try slot.output]
        let features = try MLDictionaryFeatureProvider(dictionary: [description.input: input])
        let result = try model.prediction(from: features, options: options)
        guard let image = result.featureValue(for: description.output)?.imageBufferValue,
            CVPixelBufferGetPixelFormatType(image) == kCVPixelFormatType_32BGRA,
            CVPixelBufferGetWidth(image) == slot.size.width * description.scale,
            CVPixelBufferGetHeight(image) == slot.size.height * description.scale
        else {
            throw UpscaleError.unexpectedModel("The file promises x\(description.scale), but gave something else.")
        }
        slot.replaceOutput(image)
    }
}

/// Buffers of one tile: blue, green, red and a byte that Core ML ignores.
///
/// Not checked to be sendable: `upscale` uses a slot in one task at a time.
final class Slot: @unchecked Sendable {
    private(set) var size = Size(height: 0, width: 0)
    private var buffers: (input: CVPixelBuffer, output: CVPixelBuffer)?

    var input: CVPixelBuffer { get throws { try filled().input } }
    var output: CVPixelBuffer { get throws { try filled().output } }

    /// Makes buffers for inputs of a size, unless it has them.
    func prepare(_ size: Size, scale: Int) throws {
        if size == self.size { return }
        buffers = (try makeBuffer(size), try makeBuffer(size.enlarged(by: scale)))
        self.size = size
    }

    /// Takes a buffer of Core ML's own in place of the output.
    func replaceOutput(_ output: CVPixelBuffer) { buffers?.output = output }

    private func filled() throws -> (input: CVPixelBuffer, output: CVPixelBuffer) {
        guard let buffers else { throw UpscaleError.unexpectedModel("A tile was run before it was filled.") }
        return buffers
    }
}

/// The network of one upscaling, with its buffers.
final class CoreMLNetwork: TileNetwork {
    let model: ModelDescription
    private let file: CoreMLModel
    private let slots = [Slot(), Slot()]

    init(_ file: CoreMLModel) {
        self.file = file
        model = file.description
    }

    func withInput(_ slot: Int, _ size: Size, fill: (Surface) -> Void) throws {
        try slots[slot].prepare(size, scale: model.scale)
        try withSurface(slots[slot].input, [], fill)
    }

    func predict(_ slot: Int) async throws { try await file.predict(slots[slot]) }

    func withOutput(_ slot: Int, take: (Surface) -> Void) throws {
        try withSurface(slots[slot].output, .readOnly, take)
    }
}

private func makeBuffer(_ size: Size) throws -> CVPixelBuffer {
    let attributes = [kCVPixelBufferIOSurfacePropertiesKey: [:] as CFDictionary] as CFDictionary
    var made: CVPixelBuffer?
    let status = CVPixelBufferCreate(nil, size.width, size.height, kCVPixelFormatType_32BGRA, attributes, &made)
    guard status == kCVReturnSuccess, let made else {
        throw UpscaleError.unreadablePicture("No buffer of \(size.width) x \(size.height) was to be had: \(status).")
    }
    return made
}

private func withSurface(
    _ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags, _ use: (Surface) -> Void
) throws {
    guard CVPixelBufferLockBaseAddress(buffer, flags) == kCVReturnSuccess else {
        throw UpscaleError.unreadablePicture("A pixel buffer cannot be locked.")
    }
    defer { CVPixelBufferUnlockBaseAddress(buffer, flags) }
    guard let base = CVPixelBufferGetBaseAddress(buffer) else {
        throw UpscaleError.unreadablePicture("A pixel buffer has no memory.")
    }
    use(Surface(base: base, bytesPerRow: CVPixelBufferGetBytesPerRow(buffer)))
}
#endif
