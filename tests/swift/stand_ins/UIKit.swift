// Stand-ins for type checking on Linux, after Apple's documentation: only what the package uses.
@_exported import CoreGraphics
@_exported import Foundation

open class UIImage: NSObject, @unchecked Sendable {
    public enum Orientation: Int, Sendable { case up, down, left, right, upMirrored, downMirrored, leftMirrored, rightMirrored }
    open var cgImage: CGImage? { nil }
    open var scale: CGFloat { 1 }
    open var imageOrientation: Orientation { .up }
    public init(cgImage: CGImage, scale: CGFloat, orientation: Orientation) {}
}
