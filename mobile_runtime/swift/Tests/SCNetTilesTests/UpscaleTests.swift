import SCNetTiles
import XCTest

/// What an app relies on besides the vectors.
final class UpscaleTests: XCTestCase {
    let model = ModelDescription(scale: 2, halo: 3, sizes: [Size(height: 16, width: 20)])
    let picture = makePicture(Size(height: 30, width: 45), 7)

    func testProgressCountsEveryTile() async throws {
        let told = Log()
        try await upscale(picture, with: IntegerNetwork(model), onProgress: { told.add($0, $1) }) { _ in }
        XCTAssertEqual(told.pairs, (1...9).map { [$0, 9] })
    }

    func testCancellationIsNoticedBetweenTiles() async throws {
        let (told, picture, model) = (Log(), picture, model)
        let task = Task {
            try await upscale(
                picture, with: IntegerNetwork(model),
                onProgress: { done, total in
                    told.add(done, total)
                    if done == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                }) { _ in }
        }
        do {
            try await task.value
            XCTFail("It went on")
        } catch is CancellationError {
            XCTAssertEqual(told.pairs.count, 2)
        }
    }

    func testResultsThatAreTooLargeAreRefused() throws {
        XCTAssertNoThrow(try checkedResultSize(Size(height: 2000, width: 2000), scale: 4))
        XCTAssertThrowsError(try checkedResultSize(Size(height: 4032, width: 3024), scale: 4)) {
            XCTAssertEqual($0 as? UpscaleError, .tooManyPixels(195_084_288, limit: maxResultPixels))
        }
    }

    func testMetadataOfAFileIsRead() throws {
        let port = #"{"name": "image", "shape": [1, 3, 128, 128], "dtype": "uint8", "layout": "NCHW"}"#
        let good = ["scale": "4", "halo": "17", "sizes": "[[128, 128], [256, 192]]", "input": port, "output": port]
        let model = try ModelDescription(metadata: good)
        XCTAssertEqual(model.sizes, [Size(height: 128, width: 128), Size(height: 256, width: 192)])
        XCTAssertEqual([model.scale, model.halo], [4, 17])
        XCTAssertEqual(model.halo8Bit, 17)  // files made before it was measured do not say it
        XCTAssertEqual(try ModelDescription(metadata: good.merging(["halo_8bit": "10"]) { $1 }).halo8Bit, 10)
        let arrays = port.replacingOccurrences(of: "uint8", with: "float32")
        for (name, value) in [
            ("scale", "0"), ("halo", "-1"), ("halo_8bit", "18"), ("sizes", "[]"), ("sizes", "[[0, 1]]"), ("sizes", "[[1]]"),
            ("sizes", "4"), ("input", "{}"), ("output", arrays),
        ] {
            XCTAssertThrowsError(try ModelDescription(metadata: good.merging([name: value]) { $1 }))
        }
        for name in good.keys {
            XCTAssertThrowsError(try ModelDescription(metadata: good.filter { $0.key != name }))
        }
    }
}

private final class Log: @unchecked Sendable {
    private(set) var pairs: [[Int]] = []

    func add(_ done: Int, _ total: Int) { pairs.append([done, total]) }
}
