import SCNetTiles

/// The network of `tests/vectors/network.py`; rows of its buffers are padded, as those of pixel buffers are.
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
