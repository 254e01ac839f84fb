import SCNetTiles
import XCTest

/// A network that shows one missing pixel of its halo; rows of its buffers are padded, as those of pixel buffers are.
///
/// The one of SCNet Mobile's `tests/vectors/network.py`.
final class IntegerNetwork: TileNetwork {
    let model: ModelDescription
    private let slots = [Slot(), Slot()]

    private final class Slot: @unchecked Sendable {
        var size = Size(height: 0, width: 0)
        var input: [UInt8] = []
        var output: [UInt8] = []
    }

    init(_ model: ModelDescription) { self.model = model }

    func withInput(_ slot: Int, _ size: Size, fill: (Surface) -> Void) throws {
        if let sizes = model.sizes, !sizes.contains(size) { throw UpscaleError.unexpectedModel("not \(size)") }
        var input = [UInt8](repeating: 0xEE, count: rowBytes(size.width) * size.height)
        input.withUnsafeMutableBytes {
            fill(Surface(base: $0.baseAddress!, bytesPerRow: rowBytes(size.width)))
        }
        (slots[slot].size, slots[slot].input) = (size, input)
    }

    func predict(_ slot: Int) async throws {
        let (size, input) = (slots[slot].size, slots[slot].input)
        let large = size.enlarged(by: model.scale)
        let (inRow, outRow) = (rowBytes(size.width), rowBytes(large.width))
        var output = [UInt8](repeating: 0xEE, count: outRow * large.height)
        let steps = model.halo == 0 ? [0] : [-model.halo, 0, model.halo]
        for y in 0..<size.height {
            for x in 0..<size.width {
                for channel in 0..<3 {
                    var total = 0
                    for dy in steps where (0..<size.height).contains(y + dy) {
                        for dx in steps where (0..<size.width).contains(x + dx) {
                            let line = (y + dy) * inRow
                            total += Int(input[line + (x + dx) * 4 + channel])
                        }
                    }
                    for i in 0..<model.scale {
                        for j in 0..<model.scale {
                            let line = (y * model.scale + i) * outRow
                            let value: Int = total + 7 * i + 13 * j + 29 * (2 - channel)
                            output[line + (x * model.scale + j) * 4 + channel] = UInt8(value % 256)
                        }
                    }
                }
            }
        }
        slots[slot].output = output
    }

    func withOutput(_ slot: Int, take: (Surface) -> Void) throws {
        let size = slots[slot].size
        slots[slot].output.withUnsafeMutableBytes {
            take(Surface(base: $0.baseAddress!, bytesPerRow: rowBytes(size.width * model.scale)))
        }
    }

    private func rowBytes(_ width: Int) -> Int { width * 4 + 24 }
}

func whole(
    _ picture: Pixels, with network: some TileNetwork, opaque: Bool = true, side: Int? = nil,
    exact: Bool = false
) async throws -> Pixels {
    var bytes: [UInt8] = []
    try await upscale(picture, with: network, opaque: opaque, side: side, exact: exact) { band in
        XCTAssertEqual(band.top * picture.size.width * network.model.scale * 4, bytes.count)
        bytes += band.pixels.bytes
    }
    return Pixels(size: picture.size.enlarged(by: network.model.scale), bytes: bytes)
}

/// Bytes of a linear congruential generator, as in `tests/vectors/network.py`.
func makeBytes(_ count: Int, _ seed: Int) -> [UInt8] {
    var state = UInt32(seed)
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
}

func makePicture(_ size: Size, _ seed: Int, gray: Bool = false) -> Pixels {
    let channels = gray ? 1 : 3
    let values = makeBytes(channels * size.area, seed)
    var picture = Pixels(size: size)
    for pixel in 0..<size.area {
        for color in 0..<3 {
            picture.bytes[4 * pixel + color] = values[channels * pixel + (gray ? 0 : 2 - color)]
        }
        picture.bytes[4 * pixel + 3] = 255
    }
    return picture
}
