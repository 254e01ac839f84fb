#if canImport(CoreML) && canImport(CoreGraphics)
import CoreGraphics
import Foundation
import SCNetTiles

/// A picture as the network sees it, and how to make a picture like it.
struct PicturePixels {
    let pixels: Pixels
    let isOpaque: Bool
    private let space: CGColorSpace

    /// Reads a picture in its own color space, such as Display P3, so that values stay as they are
    /// stored. More than 8 bits per channel become 8; what is not RGB becomes sRGB.
    init(_ image: CGImage) throws {
        guard let space = image.colorSpace.flatMap(spaceOf8Bits) ?? CGColorSpace(name: CGColorSpace.sRGB) else {
            throw UpscaleError.unreadablePicture("The system has no sRGB.")
        }
        self.space = space
        isOpaque = [.none, .noneSkipFirst, .noneSkipLast].contains(image.alphaInfo)
        var pixels = Pixels(size: Size(height: image.height, width: image.width))
        try draw(image, into: &pixels, space, isOpaque: isOpaque)
        if !isOpaque { unpremultiply(&pixels) }
        self.pixels = pixels
    }

    /// Returns a picture, or a band of one, of bytes in the order of `Pixels`.
    func makeImage(_ size: Size, _ bytes: Data) throws -> CGImage {
        // Of pictures, other than of contexts, the colors need not be premultiplied.
        let info = bitmapInfo(isOpaque ? .noneSkipFirst : .first)
        guard let provider = CGDataProvider(data: bytes as CFData),
            let image = CGImage(
                width: size.width, height: size.height, bitsPerComponent: 8, bitsPerPixel: 32,
                bytesPerRow: size.width * bytesPerPixel, space: space,
                bitmapInfo: CGBitmapInfo(rawValue: info), provider: provider, decode: nil,
                shouldInterpolate: false, intent: .defaultIntent)
        else {
            throw UpscaleError.unreadablePicture("The system made no picture of \(size.width) x \(size.height).")
        }
        return image
    }
}

/// Returns a color space itself, or one near it that 8 bits can hold; nil if it is not of RGB.
///
/// Of an extended range are pictures that `UIGraphicsImageRenderer` draws on a device with wide color.
private func spaceOf8Bits(_ space: CGColorSpace) -> CGColorSpace? {
    guard space.model == .rgb, space.supportsOutput else { return nil }
    return CGColorSpaceUsesExtendedRange(space) ? CGColorSpace(name: CGColorSpace.displayP3) : space
}

/// Blue, green, red and alpha, one byte each, in this order in memory.
private func bitmapInfo(_ alpha: CGImageAlphaInfo) -> UInt32 {
    alpha.rawValue | CGBitmapInfo.byteOrder32Little.rawValue
}

private func draw(_ image: CGImage, into pixels: inout Pixels, _ space: CGColorSpace, isOpaque: Bool) throws {
    let (width, height) = (pixels.size.width, pixels.size.height)
    let info = bitmapInfo(isOpaque ? .noneSkipFirst : .premultipliedFirst)
    let drawn = pixels.bytes.withUnsafeMutableBytes { bytes -> Bool in
        guard
            let context = CGContext(
                data: bytes.baseAddress, width: width, height: height, bitsPerComponent: 8,
                bytesPerRow: width * bytesPerPixel, space: space, bitmapInfo: info)
        else { return false }
        context.setBlendMode(.copy)
        context.interpolationQuality = .none
        context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
        return true
    }
    if !drawn { throw UpscaleError.unreadablePicture("The system cannot draw a picture of \(width) x \(height).") }
}

private func unpremultiply(_ pixels: inout Pixels) {
    pixels.bytes.withUnsafeMutableBufferPointer { bytes in
        for start in stride(from: 0, to: bytes.count, by: bytesPerPixel) {
            let alpha = Int(bytes[start + 3])
            guard alpha > 0, alpha < 255 else { continue }
            for index in start..<(start + 3) {
                bytes[index] = UInt8(min((Int(bytes[index]) * 255 + alpha / 2) / alpha, 255))
            }
        }
    }
}
#endif
