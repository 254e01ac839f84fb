import Foundation

/// Why a picture is not upscaled.
public enum UpscaleError: Error, Hashable, Sendable {
    /// The picture has no pixels.
    case noPixels
    /// Nothing is left of the file's tiles inside the halo; `smallest` is a side that works.
    case tilesTooSmall(smallest: Int)
    /// A side of tiles was chosen, but the file takes these sizes only.
    case fixedSizesOnly([Size])
    /// The result would need more memory than one picture may take.
    case tooManyPixels(Int, limit: Int)
    /// The file is not one that `scnet convert` writes, or does not do what it says.
    case unexpectedModel(String)
    /// The system cannot read the picture, or make one.
    case unreadablePicture(String)
}

extension UpscaleError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .noPixels:
            return "The picture has no pixels: there is nothing to upscale."
        case .tilesTooSmall(let smallest):
            return "The file's tiles are too small for this picture: convert for \(smallest) x \(smallest) or larger."
        case .fixedSizesOnly(let sizes):
            let list = sizes.map { "\($0.width) x \($0.height)" }.joined(separator: " or ")
            return "No tile can be chosen here: the file takes \(list) only."
        case .tooManyPixels(let pixels, let limit):
            return "The result would have \(pixels) pixels, more than \(limit): take it in bands, or make the picture smaller."
        case .unexpectedModel(let reason), .unreadablePicture(let reason):
            return reason
        }
    }
}
