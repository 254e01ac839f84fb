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
            let shape = [1, 3, sample.height, sample.width]
            let image = MLShapedArray<Float>(scalars: try read(sample.input), shape: shape)
            let features = ["${input_name}": MLFeatureValue(shapedArray: image)]
            let result = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: features))
            let upscaled = try XCTUnwrap(result.featureValue(for: "${output_name}")?.multiArrayValue)
            // Its rows may be padded; the scalars of a shaped array are not.
            compare(try read(sample.output), MLShapedArray<Float>(converting: upscaled).scalars)
        }
    }

    func compare(_ expected: [Float], _ actual: [Float]) {
        XCTAssertEqual(expected.count, actual.count)
        let errors = zip(expected, actual).map { (one, other) in Double(abs(one - other)) }
        XCTAssertTrue(errors.allSatisfy { error in error <= ${max_abs} })
        let meanSquare = errors.reduce(0) { (sum, error) in sum + error * error } / Double(errors.count)
        XCTAssertLessThanOrEqual(meanSquare, pow(10, -${psnr_db} / 10))
    }

    func read(_ path: String) throws -> [Float] {
        let data = try Data(contentsOf: folder.appendingPathComponent(path))
        return data.withUnsafeBytes { bytes in Array(bytes.bindMemory(to: Float.self)) }
    }
}
