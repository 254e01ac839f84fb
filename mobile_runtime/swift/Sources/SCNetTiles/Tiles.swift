/// Height and width in pixels.
public struct Size: Hashable, Sendable {
    public let height, width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Number of pixels.
    public var area: Int { height * width }

    /// The size of a result at a scale.
    public func enlarged(by scale: Int) -> Size { Size(height: height * scale, width: width * scale) }
}

/// A tile along one axis, in low-resolution pixels of the picture.
public struct Span: Hashable, Sendable {
    /// Input of the network; reaches beyond the end of a picture that has to be continued.
    public let read: Range<Int>
    /// Part of the input whose output is kept.
    public let kept: Range<Int>
}

/// One run of the network.
public struct Tile: Hashable, Sendable {
    public let rows, columns: Span

    /// Of the network's input.
    public var size: Size { Size(height: rows.read.count, width: columns.read.count) }
}

/// Tiles that compute a picture: every span of rows with every span of columns.
public struct TilePlan: Hashable, Sendable {
    public let rows, columns: [Span]

    /// All tiles, row by row.
    public var tiles: [Tile] {
        rows.flatMap { rows in columns.map { Tile(rows: rows, columns: $0) } }
    }

    fileprivate var computedPixels: Int {
        rows.reduce(0) { $0 + $1.read.count } * columns.reduce(0) { $0 + $1.read.count }
    }
}

/// Side of a tile in low-resolution pixels, where a file takes any size.
public let defaultTile = 256

/// Returns the fewest tiles that overlap by the halo.
///
/// An output pixel sees no further than the halo, so its tile holds everything within the halo, or
/// ends there where the picture itself ends. With the halo for 8-bit values, which the file says is
/// enough, values may differ by one level from those of the whole picture. The same plan as `mobile_runtime/upscaling/tiling.py`.
///
/// - Parameters:
///   - size: Of the picture.
///   - model: Says the halo, and the sizes that the file takes. The one that computes the fewest
///     pixels is used for all tiles; where any goes, tiles end where the picture ends.
///   - side: Of the largest tile, where the file takes any size; `defaultTile` if nil.
///   - exact: Takes the exact halo.
/// - Throws: `UpscaleError.tilesTooSmall`, or `.fixedSizesOnly` where a side is given in vain.
public func planTiles(
    _ size: Size, for model: ModelDescription, side: Int? = nil, exact: Bool = false
) throws -> TilePlan {
    if let sizes = model.sizes, side != nil { throw UpscaleError.fixedSizesOnly(sizes) }
    let halo = exact ? model.halo : model.halo8Bit
    let square = side ?? defaultTile
    let offered = model.sizes ?? [Size(height: square, width: square)]
    let plans = offered.filter { fits(size, in: $0, halo) }.map { tile in
        TilePlan(
            rows: cover(size.height, by: tile.height, halo, clip: model.sizes == nil),
            columns: cover(size.width, by: tile.width, halo, clip: model.sizes == nil))
    }
    // The first of the cheapest, as in Python; of `min` that is not documented.
    guard var best = plans.first else {
        throw UpscaleError.tilesTooSmall(smallest: min(2 * halo + 1, max(size.height, size.width)))
    }
    for plan in plans where plan.computedPixels < best.computedPixels { best = plan }
    return best
}

/// Checks that on both axes the picture fits into one tile, or a tile is more than its halo.
private func fits(_ size: Size, in tile: Size, _ halo: Int) -> Bool {
    func fits(_ length: Int, _ side: Int) -> Bool { length <= side || side > 2 * halo }
    return fits(size.height, tile.height) && fits(size.width, tile.width)
}

/// Covers one axis; the last tile ends with the picture, cut short (`clip`) or moved back.
private func cover(_ length: Int, by tile: Int, _ halo: Int, clip: Bool) -> [Span] {
    if length <= tile { return [Span(read: 0..<(clip ? length : tile), kept: 0..<length)] }
    var spans: [Span] = []
    var covered = 0
    while covered < length {
        let start = max(covered - halo, 0)
        let stop = min(start + tile, length)
        let end = stop == length ? length : stop - halo
        spans.append(Span(read: (clip ? start : stop - tile)..<stop, kept: covered..<end))
        covered = end
    }
    return spans
}
