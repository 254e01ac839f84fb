import Foundation
import SCNetMobile
import SCNetTiles
import XCTest

/// The model in this package: its samples are whole, and Core ML computes from them what PyTorch does.
final class GoldenTests: XCTestCase {
    func testModelAndSamplesBelongTogether() throws {
        let golden = try Golden()
        XCTAssertEqual(try BundledModel().url.lastPathComponent, golden.manifest.file)
        let model = golden.manifest.model
        XCTAssertFalse(golden.manifest.golden.isEmpty)
        for sample in golden.manifest.golden {
            let (height, width) = (sample.height, sample.width)
            XCTAssertTrue(model.sizes?.contains([height, width]) ?? true, sample.name)
            XCTAssertEqual(try golden.input(of: sample).count, 3 * height * width, sample.name)
            let rows = golden.kept(height * model.scale, sample.outputStride).count
            let columns = golden.kept(width * model.scale, sample.outputStride).count
            XCTAssertEqual(try golden.expected(of: sample).count, 3 * rows * columns, sample.name)
        }
    }

    func testAWrongOutputWouldBeSeen() throws {
        let golden = try Golden()
        for sample in golden.manifest.golden {
            let right = try golden.expected(of: sample)
            let dark = right.map { $0 == 0 ? 0 : $0 - 1 }
            let shifted = Difference(Array(right.dropFirst()) + [0], from: right)
            XCTAssertLessThan(shifted.psnr, golden.limits.minPSNR, sample.name)
            XCTAssertLessThan(Difference(dark, from: right).meanError, -golden.limits.signedErrorLevels, sample.name)
            XCTAssertEqual(Difference(right, from: right).psnr, .infinity)
        }
    }
}

#if canImport(CoreML) && canImport(CoreGraphics)
import CoreGraphics
import CoreML

extension GoldenTests {
    func testNeuralEngineComputesWhatPyTorchDoes() async throws { try await verify(.cpuAndNeuralEngine) }

    func testCPUComputesWhatPyTorchDoes() async throws { try await verify(.cpuOnly) }

    func testGPUComputesWhatPyTorchDoes() async throws { try await verify(.cpuAndGPU) }

    private func verify(_ computeUnits: MLComputeUnits) async throws {
        let golden = try Golden()
        let upscaler = try SCNetUpscaler(computeUnits: computeUnits)
        var meanErrors: [Double] = []
        for sample in golden.manifest.golden {
            let picture = try makePicture(golden.input(of: sample), sample.height, sample.width)
            let result = try await upscaler.upscale(picture)
            XCTAssertEqual(result.height, sample.height * upscaler.scale)
            XCTAssertEqual(result.width, sample.width * upscaler.scale)
            let bytes = try XCTUnwrap(result.dataProvider?.data) as Data
            let difference = Difference(golden.kept([UInt8](bytes), of: sample), from: try golden.expected(of: sample))
            XCTAssertGreaterThanOrEqual(difference.psnr, golden.limits.minPSNR, sample.name)
            meanErrors.append(difference.meanError)
        }
        let median = meanErrors.sorted()[meanErrors.count / 2]
        XCTAssertGreaterThanOrEqual(median, -golden.limits.signedErrorLevels, "the system truncates instead of rounding")
        XCTAssertLessThanOrEqual(median, golden.limits.signedErrorLevels, "the system rounds up instead of rounding")
    }

    private func makePicture(_ planes: [UInt8], _ height: Int, _ width: Int) throws -> CGImage {
        let area = height * width
        var bgra = [UInt8](repeating: 255, count: 4 * area)
        for pixel in 0..<area {
            for color in 0..<3 { bgra[4 * pixel + color] = planes[(2 - color) * area + pixel] }
        }
        let info = CGImageAlphaInfo.noneSkipFirst.rawValue | CGBitmapInfo.byteOrder32Little.rawValue
        let provider = try XCTUnwrap(CGDataProvider(data: Data(bgra) as CFData))
        return try XCTUnwrap(
            CGImage(
                width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 32, bytesPerRow: 4 * width,
                space: XCTUnwrap(CGColorSpace(name: CGColorSpace.sRGB)), bitmapInfo: CGBitmapInfo(rawValue: info),
                provider: provider, decode: nil, shouldInterpolate: false, intent: .defaultIntent))
    }
}
#endif
