// Stand-ins for type checking on Linux, after Apple's documentation: only what the package uses.
@_exported import CoreGraphics
@_exported import Foundation

open class NSGraphicsContext: NSObject {}

open class NSImage: NSObject, @unchecked Sendable {
    public struct HintKey: Hashable, Sendable {}
    open var size = NSSize()
    public init(cgImage: CGImage, size: NSSize) {}
    open func cgImage(
        forProposedRect rect: UnsafeMutablePointer<NSRect>?, context: NSGraphicsContext?,
        hints: [HintKey: Any]?
    ) -> CGImage? { nil }
}
