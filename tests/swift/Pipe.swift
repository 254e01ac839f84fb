// Upscales a picture with a network behind a pipe: tiles go to the standard output, results come back.
// Arguments: JSON of the file's metadata, height, width, file of BGRA bytes, file for those of the result.
import Foundation

final class Pipe: TileNetwork {
    let model: ModelDescription
    private let slots = [Slot(), Slot()]

    private final class Slot: @unchecked Sendable {
        var size = Size(height: 0, width: 0)
        var bytes: [UInt8] = []
    }

    init(_ model: ModelDescription) { self.model = model }

    func withInput(_ slot: Int, _ size: Size, fill: (Surface) -> Void) throws {
        var bytes = [UInt8](repeating: 0, count: size.area * bytesPerPixel)
        bytes.withUnsafeMutableBytes { fill(surface($0, size)) }
        (slots[slot].size, slots[slot].bytes) = (size, bytes)
    }

    func predict(_ slot: Int) async throws {
        let (size, bytes) = (slots[slot].size, slots[slot].bytes)
        FileHandle.standardOutput.write(Data(bytes))
        let large = size.enlarged(by: model.scale)
        var received = Data()
        while received.count < large.area * bytesPerPixel {
            received += FileHandle.standardInput.readData(ofLength: large.area * bytesPerPixel - received.count)
        }
        (slots[slot].size, slots[slot].bytes) = (large, [UInt8](received))
    }

    func withOutput(_ slot: Int, take: (Surface) -> Void) throws {
        let size = slots[slot].size
        slots[slot].bytes.withUnsafeMutableBytes { take(surface($0, size)) }
    }

    private func surface(_ bytes: UnsafeMutableRawBufferPointer, _ size: Size) -> Surface {
        Surface(base: bytes.baseAddress!, bytesPerRow: size.width * bytesPerPixel)
    }
}

@main
enum Main {
    static func main() async throws { try await run() }

    nonisolated static func run() async throws {
        let arguments = CommandLine.arguments
        let metadata = try JSONDecoder().decode([String: String].self, from: Data(arguments[1].utf8))
        let size = Size(height: Int(arguments[2])!, width: Int(arguments[3])!)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[4])))
        var result = Data()
        let network = Pipe(try ModelDescription(metadata: metadata))
        try await upscale(Pixels(size: size, bytes: bytes), with: network, opaque: false) {
            result.append(contentsOf: $0.pixels.bytes)
        }
        try result.write(to: URL(fileURLWithPath: arguments[5]))
    }
}
