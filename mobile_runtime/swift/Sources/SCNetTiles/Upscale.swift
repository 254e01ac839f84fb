/// Runs the network on tiles, in slots 0 and 1: while one is computed, the other is read and filled.
///
/// The slots therefore share nothing that changes.
public protocol TileNetwork: Sendable {
    var model: ModelDescription { get }

    /// Lets `fill` write the input of a slot: blue, green, red and a byte that does not count.
    func withInput(_ slot: Int, _ size: Size, fill: (Surface) -> Void) throws

    /// Runs the network on the input of a slot.
    func predict(_ slot: Int) async throws

    /// Lets `take` read the output of a slot, laid out as its input.
    func withOutput(_ slot: Int, take: (Surface) -> Void) throws
}

/// Is told how many runs of the network are done, and of how many.
public typealias OnProgress = @Sendable (_ done: Int, _ total: Int) -> Void

/// Pixels of the largest result that is made as one picture; it takes 256 MB.
public let maxResultPixels = 64_000_000

/// Upscales a picture of any size tile by tile; values may differ by one level from the network's
/// result for the whole picture, unless they are to be exact.
///
/// Needs memory for the picture, twice if it is not opaque, and for one band, which is what one row of
/// tiles gives. A file of fixed size sees a smaller picture continued by its mirror image. What
/// transparency hides, and what has no color, is treated as in `scnet upscale`. Cancellation is noticed
/// between tiles.
///
/// - Parameters:
///   - opaque: Whether the alpha of all pixels is to be taken as 255.
///   - side: Of the largest tile, where the file takes any size; `defaultTile` if nil.
///   - exact: Whether no value is to differ.
///   - onBand: Takes the rows of the result as they are finished, from top to bottom.
/// - Throws: `UpscaleError`, `CancellationError`, or what the network and `onBand` throw.
public func upscale(
    _ picture: Pixels, with network: some TileNetwork, opaque: Bool = true, side: Int? = nil,
    exact: Bool = false, onProgress: OnProgress = { _, _ in }, onBand: (Band) async throws -> Void
) async throws {
    if picture.size.area == 0 { throw UpscaleError.noPixels }
    var visible = picture
    if !opaque { spreadColors(&visible) }
    let (source, gray, scale) = (visible, isGray(visible), network.model.scale)
    let plan = try planTiles(picture.size, for: network.model, side: side, exact: exact)
    let tiles = plan.tiles
    var band = makeBand(plan.rows[0], picture.size, scale)

    /// Pastes a finished tile; the last one of a row completes its band.
    func finish(_ index: Int) async throws {
        try network.withOutput(index % 2) { paste($0, of: tiles[index], scale: scale, into: &band) }
        guard (index + 1) % plan.columns.count == 0 else { return }
        if gray { removeColor(&band.pixels) }
        if !opaque { enlargeAlpha(of: source, scale: scale, into: &band) }
        try await onBand(band)
        if index + 1 < tiles.count { band = makeBand(tiles[index + 1].rows, picture.size, scale) }
    }

    /// Fills the slot of a tile that is still to be computed.
    func start(_ index: Int) throws {
        guard index < tiles.count else { return }
        try network.withInput(index % 2, tiles[index].size) { cut(tiles[index], from: source, into: $0) }
    }

    try start(0)
    for index in tiles.indices {
        try Task.checkCancellation()
        async let prediction: Void = network.predict(index % 2)
        if index > 0 { try await finish(index - 1) }
        try start(index + 1)
        try await prediction
        onProgress(index + 1, tiles.count)
    }
    try await finish(tiles.count - 1)
}

/// Returns the size of a result that is to be one picture.
///
/// - Throws: `UpscaleError.tooManyPixels` if it has more than `maxResultPixels`.
public func checkedResultSize(_ size: Size, scale: Int) throws -> Size {
    let result = size.enlarged(by: scale)
    if result.area > maxResultPixels { throw UpscaleError.tooManyPixels(result.area, limit: maxResultPixels) }
    return result
}

private func makeBand(_ rows: Span, _ picture: Size, _ scale: Int) -> Band {
    let size = Size(height: rows.kept.count, width: picture.width).enlarged(by: scale)
    return Band(top: rows.kept.lowerBound * scale, pixels: Pixels(size: size))
}
