import SCNetTiles
import XCTest

/// What an app relies on.
final class UpscaleTests: XCTestCase {
    let model = ModelDescription(scale: 2, halo: 3, sizes: [Size(height: 16, width: 20)])
    let picture = makePicture(Size(height: 30, width: 45), 7)

    func testTilesGiveWhatTheWholePictureGives() async throws {
        let anySize = ModelDescription(scale: 2, halo: 3, sizes: nil)
        for size in [(30, 45), (16, 20), (17, 90), (5, 7), (1, 1), (40, 3)].map({ Size(height: $0, width: $1) }) {
            let picture = makePicture(size, 11)
            let wide = mirrored(picture, to: Size(height: max(size.height, 16), width: max(size.width, 20)))
            let expected = try await whole(wide, with: IntegerNetwork(anySize), side: 100)
            let result = try await whole(picture, with: IntegerNetwork(model))
            XCTAssertEqual(result, corner(of: expected, size.enlarged(by: 2)), "\(size)")
            let tiled = try await whole(picture, with: IntegerNetwork(anySize), side: 16)
            let untiled = try await whole(picture, with: IntegerNetwork(anySize), side: 100)
            XCTAssertEqual(tiled, untiled, "\(size)")
        }
    }

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

/// Continues a picture by its mirror image, which repeats the border, again and again.
private func mirrored(_ picture: Pixels, to size: Size) -> Pixels {
    func place(_ index: Int, _ length: Int) -> Int {
        (index / length).isMultiple(of: 2) ? index % length : length - 1 - index % length
    }
    return pick(from: picture, size) { (place($0, picture.size.height), place($1, picture.size.width)) }
}

private func corner(of picture: Pixels, _ size: Size) -> Pixels { pick(from: picture, size) { ($0, $1) } }

private func pick(from source: Pixels, _ size: Size, place: (Int, Int) -> (row: Int, column: Int)) -> Pixels {
    let bytes = (0..<size.height).flatMap { y in
        (0..<size.width).flatMap { x -> ArraySlice<UInt8> in
            let (row, column) = place(y, x)
            let start = bytesPerPixel * (row * source.size.width + column)
            return source.bytes[start..<(start + bytesPerPixel)]
        }
    }
    return Pixels(size: size, bytes: bytes)
}

private final class Log: @unchecked Sendable {
    private(set) var pairs: [[Int]] = []

    func add(_ done: Int, _ total: Int) { pairs.append([done, total]) }
}
