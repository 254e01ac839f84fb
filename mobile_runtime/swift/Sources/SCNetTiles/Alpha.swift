/// Receptive-field radius of enlarged transparency, in pixels of the picture.
private let reach = 2

/// Weights are fixed-point numbers with 22 binary places, as in Pillow's `Resample.c`.
private let places = 22

/// Inputs of one result pixel along one axis.
private struct Taps {
    let start: Int
    let weights: [Int]

    func blend(_ value: (Int) -> Int) -> Int {
        var sum = 1 << (places - 1)
        for (k, weight) in weights.enumerated() { sum += weight * value(start + k) }
        return min(max(sum >> places, 0), 255)
    }
}

/// Writes the transparency of a picture, upscaled, into a band of the result.
///
/// Bicubic (Keys, a = -0.5) on 8-bit values, bit for bit as `scnet upscale` does it with Pillow.
func enlargeAlpha(of picture: Pixels, scale: Int, into band: inout Band) {
    let size = band.pixels.size
    let rows = taps(picture.size.height, scale, band.top..<(band.top + size.height))
    let columns = taps(picture.size.width, scale, 0..<size.width)
    guard let first = rows.first?.start, let last = rows.last else { return }
    let wide = (first..<(last.start + last.weights.count)).map { row in
        let line = row * picture.size.width
        return columns.map { $0.blend { Int(picture.bytes[(line + $0) * bytesPerPixel + 3]) } }
    }
    for (y, row) in rows.enumerated() {
        for x in 0..<size.width {
            let alpha = row.blend { wide[$0 - first][x] }
            band.pixels.bytes[(y * size.width + x) * bytesPerPixel + 3] = UInt8(alpha)
        }
    }
}

private func taps(_ length: Int, _ scale: Int, _ result: Range<Int>) -> [Taps] {
    result.map { index in
        let center = (Double(index) + 0.5) / Double(scale)
        let start = max(0, Int(center - Double(reach) + 0.5))
        let stop = min(length, Int(center + Double(reach) + 0.5))
        let weights = (start..<stop).map { cubic(Double($0) - center + 0.5) }
        let sum = weights.reduce(0, +)
        let one = Double(1 << places)
        return Taps(
            start: start,
            weights: weights.map { Int(($0 / sum * one).rounded(.toNearestOrAwayFromZero)) })
    }
}

private func cubic(_ distance: Double) -> Double {
    let x = abs(distance)
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
}
