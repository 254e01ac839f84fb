import CoreML
import XCTest

final class GoldenTest: XCTestCase {
    let folder = Bundle(for: GoldenTest.self).resourceURL!.appendingPathComponent("${folder}")
    let samples = [
${samples}
    ]

    override func setUp() { continueAfterFailure = false }

    func testComputesWhatPyTorchDoes() throws {
        let compiled = try MLModel.compileModel(at: folder.appendingPathComponent("${file}"))
        let model = try MLModel(contentsOf: compiled)
        var signedErrors: [Double] = []
        for sample in samples {
            let (height, width) = (sample.height, sample.width)
            let image = try picture([UInt8](read(sample.input)), height, width)
            let features = ["${input_name}": MLFeatureValue(pixelBuffer: image)]
            let result = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: features))
            let upscaled = try XCTUnwrap(result.featureValue(for: "${output_name}")?.imageBufferValue)
            XCTAssertEqual(CVPixelBufferGetHeight(upscaled), height * ${scale})
            XCTAssertEqual(CVPixelBufferGetWidth(upscaled), width * ${scale})
            let expected = try read(sample.output).withUnsafeBytes { bytes in
                bytes.bindMemory(to: Float.self).map { value in UInt8((min(max(value, 0), 1) * 255).rounded()) }
            }
            signedErrors.append(compare(expected, colors(upscaled, sample.stride)))
        }
        let median = signedErrors.sorted()[signedErrors.count / 2]
        XCTAssertGreaterThanOrEqual(median, -${signed_error}, "the system truncates instead of rounding")
        XCTAssertLessThanOrEqual(median, ${signed_error}, "the system rounds up instead of rounding")
    }

    /// Returns the mean signed error, in levels of 8 bits.
    func compare(_ expected: [UInt8], _ actual: [UInt8]) -> Double {
        XCTAssertEqual(expected.count, actual.count)
        let errors = zip(expected, actual).map { (one, other) in (Double(one) - Double(other)) / 255 }
        let meanSquare = errors.reduce(0) { (sum, error) in sum + error * error } / Double(errors.count)
        XCTAssertLessThanOrEqual(meanSquare, pow(10, -${psnr_db} / 10))
        return -255 * errors.reduce(0, +) / Double(errors.count)
    }

    func picture(_ planes: [UInt8], _ height: Int, _ width: Int) throws -> CVPixelBuffer {
        var made: CVPixelBuffer?
        CVPixelBufferCreate(nil, width, height, kCVPixelFormatType_32BGRA, nil, &made)
        let picture = try XCTUnwrap(made)
        CVPixelBufferLockBaseAddress(picture, [])
        defer { CVPixelBufferUnlockBaseAddress(picture, []) }
        for color in 0..<3 {
            for row in 0..<height {
                for column in 0..<width {
                    let value = planes[(color * height + row) * width + column]
                    address(picture, color, row, column).pointee = value
                }
            }
        }
        return picture
    }

    /// The values of an output that the sample keeps, in its order.
    func colors(_ picture: CVPixelBuffer, _ step: Int) -> [UInt8] {
        CVPixelBufferLockBaseAddress(picture, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(picture, .readOnly) }
        let rows = kept(CVPixelBufferGetHeight(picture), step)
        let columns = kept(CVPixelBufferGetWidth(picture), step)
        var values: [UInt8] = []
        for color in 0..<3 {
            for row in rows {
                for column in columns {
                    values.append(address(picture, color, row, column).pointee)
                }
            }
        }
        return values
    }

    /// Rows or columns that a sample keeps: 0, s, 2s, ... and the last.
    func kept(_ length: Int, _ step: Int) -> [Int] {
        Array(stride(from: 0, to: length - 1, by: step)) + [length - 1]
    }

    /// Where a value of a picture lies: blue, green, red and alpha of a pixel; rows may be padded.
    func address(_ picture: CVPixelBuffer, _ color: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<UInt8> {
        let bytes = CVPixelBufferGetBaseAddress(picture)!.assumingMemoryBound(to: UInt8.self)
        return bytes + row * CVPixelBufferGetBytesPerRow(picture) + 4 * column + 2 - color
    }

    func read(_ path: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(path))
    }
}
