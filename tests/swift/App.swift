// How an app uses the package, to be type-checked.
import CoreGraphics
import Foundation
import SCNetMobile

#if canImport(UIKit)
import UIKit

@MainActor
func show(_ photo: UIImage) async throws -> UIImage {
    try await SCNetUpscaler().upscale(photo) { done, total in print(done, total) }
}
#elseif canImport(AppKit)
import AppKit

@MainActor
func show(_ photo: NSImage, model: URL) async throws -> NSImage {
    try await SCNetUpscaler(model: model, computeUnits: .all).upscale(photo)
}
#endif

func save(_ read: () -> CGImage, model: URL, to write: @Sendable (CGImage, Int) async throws -> Void) async throws {
    let upscaler = try SCNetUpscaler(model: model)
    do {
        try await write(upscaler.upscale(read()), 0)
    } catch UpscaleError.tooManyPixels {
        try await upscaler.upscaleInBands(read()) { band, top in try await write(band, top) }
    }
}
