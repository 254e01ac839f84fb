import Foundation
import XCTest

@testable import SCNetTiles

/// Compares with `tests/vectors/tiles.json`, which the Python implementation wrote.
final class VectorsTests: XCTestCase {
    struct Vectors: Decodable {
        let tilings: [Tiling]
        let transparency: [Transparency]
    }

    struct Tiling: Decodable {
        let height, width, scale, halo, seed: Int
        let sizes: [[Int]]?
        let side: Int?
        let gray, exact: Bool
        let halo8Bit: Int?
        let rows, columns: [[Int]]?
        let crc32: UInt32?
        let refused: String?
        let smallest: Int?

        private enum CodingKeys: String, CodingKey {
            case height, width, scale, halo, seed, sizes, side, gray, exact, rows, columns, crc32, refused
            case smallest
            case halo8Bit = "halo_8bit"
        }

        var size: Size { Size(height: height, width: width) }
        var model: ModelDescription {
            ModelDescription(
                scale: scale, halo: halo, halo8Bit: halo8Bit,
                sizes: sizes?.map { Size(height: $0[0], width: $0[1]) })
        }
    }

    struct Transparency: Decodable {
        let height, width, scale, halo, side, seed: Int
        let hiddenBelow: Int
        let crc32: UInt32

        private enum CodingKeys: String, CodingKey {
            case height, width, scale, halo, side, seed, crc32
            case hiddenBelow = "hidden_below"
        }
    }

    func vectors() throws -> Vectors {
        let path = try XCTUnwrap(ProcessInfo.processInfo.environment["SCNET_VECTORS"])
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func testPlansAndResultsAreThoseOfPython() async throws {
        for one in try vectors().tilings {
            do {
                let plan = try planTiles(one.size, for: one.model, side: one.side, exact: one.exact)
                let result = try await whole(
                    makePicture(one.size, one.seed, gray: one.gray), with: IntegerNetwork(one.model),
                    side: one.side, exact: one.exact)
                XCTAssertEqual(plan.rows.map(numbers), one.rows, "tiling \(one.seed)")
                XCTAssertEqual(plan.columns.map(numbers), one.columns, "tiling \(one.seed)")
                XCTAssertEqual(crc32(rgb(result)), one.crc32, "tiling \(one.seed)")
            } catch let error as UpscaleError {
                XCTAssertEqual(describe(error), one.refused, "tiling \(one.seed)")
                if case .tilesTooSmall(let smallest) = error { XCTAssertEqual(smallest, one.smallest) }
            }
        }
    }

    func testTransparencyIsThatOfPython() async throws {
        for one in try vectors().transparency {
            let size = Size(height: one.height, width: one.width)
            var rgba = makeBytes(4 * size.area, one.seed)
            for place in stride(from: 3, to: rgba.count, by: 4) where Int(rgba[place]) < one.hiddenBelow {
                rgba[place] = 0
            }
            let network = IntegerNetwork(ModelDescription(scale: one.scale, halo: one.halo, sizes: nil))
            let result = try await whole(
                Pixels(size: size, bytes: swapped(rgba)), with: network, opaque: false, side: one.side)
            XCTAssertEqual(crc32(swapped(result.bytes)), one.crc32, "transparency \(one.seed)")
        }
    }

    func numbers(_ span: Span) -> [Int] {
        [span.read.lowerBound, span.read.upperBound, span.kept.lowerBound, span.kept.upperBound]
    }

    func describe(_ error: UpscaleError) -> String {
        switch error {
        case .noPixels: return "no pixels"
        case .fixedSizesOnly: return "side for fixed sizes"
        case .tilesTooSmall: return "tiles too small"
        default: return "\(error)"
        }
    }
}

/// Exchanges red and blue.
func swapped(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for start in stride(from: 0, to: bytes.count, by: 4) { result.swapAt(start, start + 2) }
    return result
}

func rgb(_ picture: Pixels) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * picture.size.area)
    for start in stride(from: 0, to: picture.bytes.count, by: 4) {
        bytes += [picture.bytes[start + 2], picture.bytes[start + 1], picture.bytes[start]]
    }
    return bytes
}

/// CRC-32 of ISO 3309, as in zlib.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var table: [UInt32] = []
    for index in 0..<256 {
        var value = UInt32(index)
        for _ in 0..<8 {
            let shifted = value >> 1
            value = value % 2 == 1 ? shifted ^ 0xEDB8_8320 : shifted
        }
        table.append(value)
    }
    var state = UInt32.max
    for byte in bytes {
        let index = Int(UInt8(truncatingIfNeeded: state) ^ byte)
        state = table[index] ^ (state >> 8)
    }
    return ~state
}
