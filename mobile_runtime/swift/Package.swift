// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "SCNetMobile",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "SCNetMobile", targets: ["SCNetMobile"])],
    targets: [
        .target(name: "SCNetTiles"),
        .target(name: "SCNetMobile", dependencies: ["SCNetTiles"]),
        .testTarget(name: "SCNetTilesTests", dependencies: ["SCNetTiles"]),
    ]
)
