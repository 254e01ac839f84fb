/// Bytes of a pixel: blue, green, red and alpha, not premultiplied.
public let bytesPerPixel = 4

/// A picture in memory, rows without gaps.
public struct Pixels: Hashable, Sendable {
    public let size: Size
    public var bytes: [UInt8]

    /// - Parameter bytes: Blue, green, red and alpha of each pixel; zeros if nil.
    public init(size: Size, bytes: [UInt8]? = nil) {
        precondition(bytes == nil || bytes!.count == size.area * bytesPerPixel)
        self.size = size
        self.bytes = bytes ?? [UInt8](repeating: 0, count: size.area * bytesPerPixel)
    }
}

/// Somebody else's memory, such as a locked pixel buffer, whose rows may be padded.
public struct Surface {
    public let base: UnsafeMutableRawPointer
    public let bytesPerRow: Int

    public init(base: UnsafeMutableRawPointer, bytesPerRow: Int) {
        self.base = base
        self.bytesPerRow = bytesPerRow
    }
}

/// Finished rows of a result, as wide as it.
public struct Band: Sendable {
    /// Row of the result in which the band begins.
    public let top: Int
    public var pixels: Pixels
}

/// Copies a tile's input; where the picture is too small, it goes on as its mirror image.
func cut(_ tile: Tile, from picture: Pixels, into surface: Surface) {
    let (width, columns) = (picture.size.width, tile.columns.read)
    let inside = columns.lowerBound..<min(columns.upperBound, width)
    picture.bytes.withUnsafeBytes { source in
        for (y, row) in tile.rows.read.enumerated() {
            let line = source.baseAddress! + mirrored(row, picture.size.height) * width * bytesPerPixel
            let target = surface.base + y * surface.bytesPerRow
            target.copyMemory(
                from: line + inside.lowerBound * bytesPerPixel, byteCount: inside.count * bytesPerPixel)
            for column in inside.upperBound..<columns.upperBound {
                (target + (column - columns.lowerBound) * bytesPerPixel).copyMemory(
                    from: line + mirrored(column, width) * bytesPerPixel, byteCount: bytesPerPixel)
            }
        }
    }
}

/// Returns where a pixel beyond the end comes from: the border itself is repeated.
private func mirrored(_ index: Int, _ length: Int) -> Int {
    let phase = index % (2 * length)
    return phase < length ? phase : 2 * length - 1 - phase
}

/// Copies the kept part of a tile's output to its place, and makes it opaque.
func paste(_ surface: Surface, of tile: Tile, scale: Int, into band: inout Band) {
    let width = band.pixels.size.width
    let first = tile.columns.kept.lowerBound * scale
    let count = tile.columns.kept.count * scale
    let left = first - tile.columns.read.lowerBound * scale
    let above = (tile.rows.kept.lowerBound - tile.rows.read.lowerBound) * scale
    band.pixels.bytes.withUnsafeMutableBytes { target in
        for y in 0..<(tile.rows.kept.count * scale) {
            let source = surface.base + (above + y) * surface.bytesPerRow + left * bytesPerPixel
            let start = (y * width + first) * bytesPerPixel
            (target.baseAddress! + start).copyMemory(from: source, byteCount: count * bytesPerPixel)
            for alpha in stride(from: start + 3, to: start + count * bytesPerPixel, by: bytesPerPixel) {
                target[alpha] = 255
            }
        }
    }
}
