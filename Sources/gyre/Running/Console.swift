// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// Text for people: results on standard output, trouble on standard error.
enum Console {
    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
