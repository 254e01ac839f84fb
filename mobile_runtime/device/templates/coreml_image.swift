import CoreML
import XCTest

final class GoldenTest: XCTestCase {
    let folder = Bundle(for: GoldenTest.self).resourceURL!.appendingPathComponent("${folder}")
    let samples = [
${samples}
    ]

    func testComputesWhatPyTorchDoes() throws {
        let compiled = try MLModel.compileModel(at: folder.appendingPathComponent("${file}"))
        let model = try MLModel(contentsOf: compiled)
        for sample in samples {
            let image = try picture(read(sample.input), sample.height, sample.width)
            let features = ["${input_name}": MLFeatureValue(pixelBuffer: image)]
            let result = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: features))
            let upscaled = try XCTUnwrap(result.featureValue(for: "${output_name}")?.imageBufferValue)
            compare(try read(sample.output), colors(upscaled))
        }
    }

    func compare(_ expected: [UInt8], _ actual: [UInt8]) {
        XCTAssertEqual(expected.count, actual.count)
        let errors = zip(expected, actual).map { (one, other) in (Double(one) - Double(other)) / 255 }
        let meanSquare = errors.reduce(0) { (sum, error) in sum + error * error } / Double(errors.count)
        XCTAssertLessThanOrEqual(meanSquare, pow(10, -${psnr_db} / 10))
    }

    func picture(_ bgr: [UInt8], _ height: Int, _ width: Int) throws -> CVPixelBuffer {
        var made: CVPixelBuffer?
        CVPixelBufferCreate(nil, width, height, kCVPixelFormatType_32BGRA, nil, &made)
        let picture = try XCTUnwrap(made)
        CVPixelBufferLockBaseAddress(picture, [])
        defer { CVPixelBufferUnlockBaseAddress(picture, []) }
        for (index, value) in bgr.enumerated() {
            address(picture, index, width).pointee = value
        }
        return picture
    }

    func colors(_ picture: CVPixelBuffer) -> [UInt8] {
        CVPixelBufferLockBaseAddress(picture, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(picture, .readOnly) }
        let width = CVPixelBufferGetWidth(picture)
        let count = 3 * width * CVPixelBufferGetHeight(picture)
        return (0..<count).map { index in address(picture, index, width).pointee }
    }

    /// Where a value of a picture lies: its pixels have an alpha too, and its rows may be padded.
    func address(_ picture: CVPixelBuffer, _ index: Int, _ width: Int) -> UnsafeMutablePointer<UInt8> {
        let (pixel, channel) = (index / 3, index % 3)
        let row = pixel / width * CVPixelBufferGetBytesPerRow(picture)
        let bytes = CVPixelBufferGetBaseAddress(picture)!.assumingMemoryBound(to: UInt8.self)
        return bytes + row + pixel % width * 4 + channel
    }

    func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
    }
}
