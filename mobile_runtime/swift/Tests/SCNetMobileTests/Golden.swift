import Foundation
import SCNetMobile

/// Inputs and what PyTorch makes of them, which `scnet bundle` put beside this file.
struct Golden {
    let manifest: Manifest
    let limits: Limits
    private let folder: URL

    struct Manifest: Decodable {
        let file: String
        let model: Model
        let golden: [Sample]
    }

    struct Model: Decodable {
        let scale, halo: Int
        let sizes: [[Int]]?
    }

    struct Sample: Decodable {
        let name, input, output: String
        let inputShape: [Int]
        let outputStride: Int

        var height: Int { inputShape[2] }
        var width: Int { inputShape[3] }
    }

    struct Limits: Decodable {
        /// The smallest PSNR that passes where 8-bit outputs are computed in fp16.
        var minPSNR: Double { fp16.psnrDb }
        /// The largest mean error; the median of the samples counts.
        let signedErrorLevels: Double
        private let fp16: Limit

        private struct Limit: Decodable { let psnrDb: Double }
    }

    init() throws {
        #if SWIFT_PACKAGE
        let resources = Bundle.module.resourceURL
        #else
        let resources = Bundle(for: GoldenTests.self).resourceURL
        #endif
        folder = resources!.appendingPathComponent("Samples")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        manifest = try decoder.decode(Manifest.self, from: BundledModel().manifest)
        limits = try decoder.decode(Limits.self, from: Data(contentsOf: folder.appendingPathComponent("limits.json")))
    }

    /// Returns the bytes of an input: all of red, then green, then blue, row by row.
    func input(of sample: Sample) throws -> [UInt8] { [UInt8](try read(sample.input)) }

    /// Returns what PyTorch's output is in 8 bits, at the rows and columns that are kept.
    func expected(of sample: Sample) throws -> [UInt8] {
        try read(sample.output).withUnsafeBytes { bytes in
            bytes.bindMemory(to: UInt32.self).map {
                let value = Float(bitPattern: UInt32(littleEndian: $0))
                return UInt8((min(max(value, 0), 1) * 255).rounded())
            }
        }
    }

    /// Returns the values of an upscaled picture that a sample keeps, in its order.
    ///
    /// - Parameter bgra: Blue, green, red and another byte of each pixel.
    func kept(_ bgra: [UInt8], of sample: Sample) -> [UInt8] {
        let (height, width) = (sample.height * manifest.model.scale, sample.width * manifest.model.scale)
        let (rows, columns) = (kept(height, sample.outputStride), kept(width, sample.outputStride))
        return (0..<3).flatMap { color in
            rows.flatMap { row in columns.map { bgra[4 * (row * width + $0) + 2 - color] } }
        }
    }

    /// Returns the rows, or columns, that are kept of so many: 0, s, 2s, ... and the last.
    func kept(_ length: Int, _ step: Int) -> [Int] { Array(stride(from: 0, to: length - 1, by: step)) + [length - 1] }

    private func read(_ path: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(path)) }
}

/// How far values are from those that are expected, in 8-bit levels.
struct Difference {
    let psnr: Double
    /// Below 0 where they are too dark.
    let meanError: Double

    init(_ actual: [UInt8], from expected: [UInt8]) {
        let errors = zip(actual, expected).map { Double($0) - Double($1) }
        let meanSquare = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
        psnr = meanSquare == 0 ? .infinity : 10 * log10(255 * 255 / meanSquare)
        meanError = errors.reduce(0, +) / Double(errors.count)
    }
}
