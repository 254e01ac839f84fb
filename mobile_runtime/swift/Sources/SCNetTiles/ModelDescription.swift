import Foundation

/// What a model file says of itself, as far as tiles go by it.
public struct ModelDescription: Hashable, Sendable {
    /// Output pixels per input pixel and side.
    public let scale: Int
    /// How far an output pixel sees, in low-resolution pixels.
    public let halo: Int
    /// As much of it as 8-bit values need, to within one level.
    public let halo8Bit: Int
    /// The input sizes that the file takes; nil if it takes any.
    public let sizes: [Size]?
    /// Names of the file's input and output.
    public let input, output: String

    public init(
        scale: Int, halo: Int, halo8Bit: Int? = nil, sizes: [Size]?, input: String = "image",
        output: String = "upscaled"
    ) {
        self.scale = scale
        self.halo = halo
        self.halo8Bit = halo8Bit ?? halo
        self.sizes = sizes
        self.input = input
        self.output = output
    }

    /// Reads the metadata inside a `.mlpackage`: one string per field, JSON but for plain strings.
    ///
    /// - Throws: `UpscaleError.unexpectedModel` if `scnet convert` did not make the file, or made it
    ///   with arrays for its input and output.
    public init(metadata: [String: String]) throws {
        guard let scale: Int = decode(metadata["scale"]), (1...8).contains(scale),
            let halo: Int = decode(metadata["halo"]), (0...4096).contains(halo),
            let halo8Bit: Int = decode(metadata["halo_8bit"] ?? "\(halo)"), (0...halo).contains(halo8Bit),
            let input: Port = decode(metadata["input"]), let output: Port = decode(metadata["output"])
        else {
            throw UpscaleError.unexpectedModel(
                "The file does not say its scale and halo, so `scnet convert` did not make it.")
        }
        guard input.dtype == "uint8", output.dtype == "uint8" else {
            throw UpscaleError.unexpectedModel("The file takes arrays: convert it with --interface image.")
        }
        self.init(
            scale: scale, halo: halo, halo8Bit: halo8Bit, sizes: try decodeSizes(metadata["sizes"]),
            input: input.name, output: output.name)
    }
}

private struct Port: Decodable {
    let name, dtype: String
}

private func decodeSizes(_ text: String?) throws -> [Size]? {
    if text == "null" { return nil }
    guard let sides: [[Int]] = decode(text), !sides.isEmpty,
        sides.allSatisfy({ $0.count == 2 && $0.allSatisfy((1...16384).contains) })
    else { throw UpscaleError.unexpectedModel("The file does not say which sizes it takes: convert it again.") }
    return sides.map { Size(height: $0[0], width: $0[1]) }
}

private func decode<Value: Decodable>(_ text: String?) -> Value? {
    text.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
}
