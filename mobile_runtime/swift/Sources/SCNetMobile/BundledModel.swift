import Foundation
import SCNetTiles

/// The model in this package, where `scnet bundle` has put it.
public struct BundledModel: Sendable {
    /// The `.mlpackage`.
    public let url: URL
    /// What `scnet convert` wrote beside it, in JSON.
    public let manifest: Data

    /// - Throws: `UpscaleError.unexpectedModel` if there is none.
    public init() throws {
        let folder = Bundle.module.url(forResource: "Model", withExtension: nil)
        let files = try folder.map { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }
        guard let url = files?.first(where: { $0.pathExtension == "mlpackage" }),
            let manifest = try? Data(contentsOf: url.appendingPathExtension("json"))
        else { throw UpscaleError.unexpectedModel("The package holds no model: take one that `scnet bundle` made.") }
        self.url = url
        self.manifest = manifest
    }
}

#if canImport(CoreML) && canImport(CoreGraphics)
import CoreML

extension BundledModel {
    /// Opens the model; the compiled one stays in the caches, since each new one costs Core ML seconds.
    func open(_ computeUnits: MLComputeUnits) throws -> CoreMLModel {
        let place = try compiledPlace()
        if let model = try? CoreMLModel(contentsOf: place, computeUnits: computeUnits) { return model }
        let compiled = try MLModel.compileModel(at: url)
        try? FileManager.default.removeItem(at: place)
        let moved = (try? FileManager.default.moveItem(at: compiled, to: place)) != nil
        return try CoreMLModel(contentsOf: moved ? place : compiled, computeUnits: computeUnits)
    }

    private func compiledPlace() throws -> URL {
        struct Identity: Decodable { let sha256: String }
        let name = try JSONDecoder().decode(Identity.self, from: manifest).sha256.prefix(16)
        let caches = try FileManager.default.url(
            for: .cachesDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        return caches.appendingPathComponent("scnet-\(name).mlmodelc")
    }
}
#endif
