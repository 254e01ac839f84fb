#if canImport(CoreML) && canImport(UIKit)
import SCNetTiles
import UIKit

extension SCNetUpscaler {
    /// Returns a picture upscaled, with its orientation: as large on the screen times `scale`.
    ///
    /// Else as the one for `CGImage`. A picture of a `CIImage` has to be rendered first.
    public func upscale(_ image: UIImage, onProgress: OnProgress = { _, _ in }) async throws -> UIImage {
        guard let stored = image.cgImage else {
            throw UpscaleError.unreadablePicture("The picture has no CGImage: render its CIImage first.")
        }
        let large = try await upscale(stored, onProgress: onProgress)
        return UIImage(cgImage: large, scale: image.scale, orientation: image.imageOrientation)
    }
}
#elseif canImport(CoreML) && canImport(AppKit)
import AppKit
import SCNetTiles

extension SCNetUpscaler {
    /// Returns a picture upscaled: as large on the screen times `scale`.
    ///
    /// Else as the one for `CGImage`; of several representations, AppKit's best one counts.
    public func upscale(_ image: NSImage, onProgress: OnProgress = { _, _ in }) async throws -> NSImage {
        guard let stored = image.cgImage(forProposedRect: nil, context: nil, hints: nil) else {
            throw UpscaleError.unreadablePicture("AppKit makes no CGImage of the picture.")
        }
        let large = try await upscale(stored, onProgress: onProgress)
        let size = NSSize(width: image.size.width * CGFloat(scale), height: image.size.height * CGFloat(scale))
        return NSImage(cgImage: large, size: size)
    }
}
#endif
