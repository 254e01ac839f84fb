/// How far a color spreads, in pixels: what is farther away hardly affects visible pixels.
private let reach: UInt8 = 8

/// Gives fully transparent pixels the color of the nearest visible one.
///
/// The network ignores transparency, and would draw an outline of what is hidden. Pixels farther away
/// than the reach, counted along rows and columns, become black. Alpha is unchanged. Two sweeps, as in
/// `mobile_runtime/imaging/hidden_colors.py`.
func spreadColors(_ pixels: inout Pixels) {
    let (width, count) = (pixels.size.width, pixels.size.area)
    var far = [UInt8](repeating: 0, count: count)
    pixels.bytes.withUnsafeMutableBufferPointer { bytes in
        for index in 0..<count where bytes[bytesPerPixel * index + 3] == 0 {
            far[index] = reach + 1
            for color in 0..<3 { bytes[bytesPerPixel * index + color] = 0 }
        }
        func take(_ index: Int, from other: Int) {
            guard far[other] + 1 < far[index] else { return }
            far[index] = far[other] + 1
            for color in 0..<3 {
                bytes[bytesPerPixel * index + color] = bytes[bytesPerPixel * other + color]
            }
        }
        for index in 0..<count where far[index] != 0 {
            if index % width != 0 { take(index, from: index - 1) }
            if index >= width { take(index, from: index - width) }
        }
        for index in (0..<count).reversed() where far[index] != 0 {
            if (index + 1) % width != 0 { take(index, from: index + 1) }
            if index + width < count { take(index, from: index + width) }
        }
    }
}
