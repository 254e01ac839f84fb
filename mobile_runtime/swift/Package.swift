// swift-tools-version:5.9
import PackageDescription

// Resources are copied, not processed: of a processed .mlpackage, `swift build` makes a heap of its
// files without folders (SwiftPM 6.0.3). The copy is compiled when an app opens it for the first time.
let package = Package(
    name: "SCNetMobile",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "SCNetMobile", targets: ["SCNetMobile"])],
    targets: [
        .target(name: "SCNetTiles"),
        .target(name: "SCNetMobile", dependencies: ["SCNetTiles"], resources: [.copy("Model")]),
        .testTarget(name: "SCNetTilesTests", dependencies: ["SCNetTiles"]),
        .testTarget(name: "SCNetMobileTests", dependencies: ["SCNetMobile"], resources: [.copy("Samples")]),
    ]
)
