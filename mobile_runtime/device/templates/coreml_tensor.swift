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
        for sample in samples {
            let (height, width) = (sample.height, sample.width)
            let pixels = try read(sample.input).map { byte in Float(byte) / 255 }
            let image = MLShapedArray<Float>(scalars: pixels, shape: [1, 3, height, width])
            let features = ["${input_name}": MLFeatureValue(shapedArray: image)]
            let result = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: features))
            let upscaled = try XCTUnwrap(result.featureValue(for: "${output_name}")?.multiArrayValue)
            // Its rows may be padded; the scalars of a shaped array are not.
            let values = MLShapedArray<Float>(converting: upscaled).scalars
            XCTAssertEqual(values.count, 3 * height * width * ${scale} * ${scale})
            let places = kept(height * ${scale}, width * ${scale}, sample.stride)
            let expected = try read(sample.output).withUnsafeBytes { bytes in
                Array(bytes.bindMemory(to: Float.self))
            }
            compare(expected, places.map { place in values[place] })
        }
    }

    func compare(_ expected: [Float], _ actual: [Float]) {
        XCTAssertEqual(expected.count, actual.count)
        let errors = zip(expected, actual).map { (one, other) in Double(abs(one - other)) }
        XCTAssertTrue(errors.allSatisfy { error in error <= ${max_abs} })
        let meanSquare = errors.reduce(0) { (sum, error) in sum + error * error } / Double(errors.count)
        XCTAssertLessThanOrEqual(meanSquare, pow(10, -${psnr_db} / 10))
    }

    /// Where the values that a sample keeps lie in the whole output.
    func kept(_ height: Int, _ width: Int, _ step: Int) -> [Int] {
        var places: [Int] = []
        for color in 0..<3 {
            for row in kept(height, step) {
                for column in kept(width, step) {
                    places.append((color * height + row) * width + column)
                }
            }
        }
        return places
    }

    /// Rows or columns that a sample keeps: 0, s, 2s, ... and the last.
    func kept(_ length: Int, _ step: Int) -> [Int] {
        Array(stride(from: 0, to: length - 1, by: step)) + [length - 1]
    }

    func read(_ path: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(path))
    }
}
