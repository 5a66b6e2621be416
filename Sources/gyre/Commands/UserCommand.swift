// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import GyreProxy

/// `gyre user`: a line for the file of users.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Print the line of a user for the file of forward.users.",
        discussion: "The password is read from standard input, one line: gyre user anna >> users"
    )

    @Argument(help: "The user's name, without a colon.")
    var name: String

    func run() async throws {
        guard !name.isEmpty, !name.contains(":"), name.first != "#", !name.contains(where: \.isNewline) else {
            throw ValidationError("a name has no colon and does not begin with #")
        }
        if isatty(STDIN_FILENO) == 1 { Console.error("Password (it is shown as you type):") }
        guard let password = readLine(), !password.isEmpty else { throw ValidationError("no password on standard input") }
        Console.say("\(name):\(try PasswordHash(of: password).text)")
    }
}
