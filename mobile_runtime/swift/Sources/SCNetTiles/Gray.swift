/// Checks that the three colors are equal in every pixel.
///
/// The result of such a picture has no color either: it is the luma of what the network gives.
func isGray(_ pixels: Pixels) -> Bool {
    pixels.bytes.withUnsafeBufferPointer { bytes in
        stride(from: 0, to: bytes.count, by: bytesPerPixel).allSatisfy {
            bytes[$0] == bytes[$0 + 1] && bytes[$0] == bytes[$0 + 2]
        }
    }
}

/// Puts the luma of BT.601 into all three colors, in place.
func removeColor(_ pixels: inout Pixels) {
    pixels.bytes.withUnsafeMutableBufferPointer { bytes in
        for start in stride(from: 0, to: bytes.count, by: bytesPerPixel) {
            // Term by term in Double, and rounded in between, as everywhere in this project.
            let blue = Double(Float(bytes[start]) / 255)
            let green = Double(Float(bytes[start + 1]) / 255)
            let red = Double(Float(bytes[start + 2]) / 255)
            let luma = Float(0.299 * red + 0.587 * green + 0.114 * blue)
            let level = UInt8((luma * 255).rounded(.toNearestOrEven))
            for color in 0..<3 { bytes[start + color] = level }
        }
    }
}
