// What SwiftPM adds to a target with resources.
import Foundation

extension Bundle {
    static var module: Bundle { .main }
}
