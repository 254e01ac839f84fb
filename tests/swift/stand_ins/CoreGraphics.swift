// Stand-ins for type checking on Linux, after Apple's documentation: only what the package uses.
@_exported import CoreVideo
import Foundation

public typealias CFData = NSData

public enum CGColorSpaceModel: Int32, Sendable { case unknown = -1, monochrome, rgb, cmyk, lab, deviceN, indexed, pattern, XYZ }
public enum CGColorRenderingIntent: Int32, Sendable { case defaultIntent }
public enum CGInterpolationQuality: Int32, Sendable { case `default`, none, low, high, medium }
public enum CGBlendMode: Int32, Sendable { case normal = 0, copy = 17 }

public enum CGImageAlphaInfo: UInt32, Sendable {
    case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst, alphaOnly
}

public struct CGBitmapInfo: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let byteOrder32Little = CGBitmapInfo(rawValue: 2 << 12)
}

open class CGColorSpace {
    public static var sRGB: CFString { "kCGColorSpaceSRGB" }
    public static var displayP3: CFString { "kCGColorSpaceDisplayP3" }
    public init?(name: CFString) {}
    public var model: CGColorSpaceModel { .rgb }
    public var supportsOutput: Bool { true }
}

public func CGColorSpaceUsesExtendedRange(_ space: CGColorSpace) -> Bool { false }

open class CGDataProvider {
    public init?(data: CFData) {}
    public var data: CFData? { nil }
}

/// Not `Sendable` here: nothing relies on it.
open class CGImage {
    public var width: Int { 0 }
    public var height: Int { 0 }
    public var colorSpace: CGColorSpace? { nil }
    public var alphaInfo: CGImageAlphaInfo { .none }
    public var dataProvider: CGDataProvider? { nil }

    public init?(
        width: Int, height: Int, bitsPerComponent: Int, bitsPerPixel: Int, bytesPerRow: Int,
        space: CGColorSpace, bitmapInfo: CGBitmapInfo, provider: CGDataProvider,
        decode: UnsafePointer<CGFloat>?, shouldInterpolate: Bool, intent: CGColorRenderingIntent
    ) {}
}

open class CGContext {
    public var interpolationQuality: CGInterpolationQuality = .default

    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int, bytesPerRow: Int,
        space: CGColorSpace, bitmapInfo: UInt32
    ) {}

    public func setBlendMode(_ mode: CGBlendMode) {}
    public func draw(_ image: CGImage, in rect: CGRect) {}
}
