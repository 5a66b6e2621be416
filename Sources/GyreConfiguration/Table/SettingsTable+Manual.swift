// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    /// The manual page of the settings, `docs/settings.md`, as Markdown. It depends on nothing but the table.
    public static func renderManual() -> String {
        var page = """
            # Settings

            <!-- Made from the table of settings. Change the table, not this page. -->

            A setting is written in the settings file (`--config`), in the environment or, where it has one, as a flag.
            A flag wins over the environment, the environment over the file, the file over the default.
            `gyre config check FILE` says what is wrong in a file and where; `gyre config show` shows every value and where it came from.

            In the file the part of a name before the point is a section:

            ```yaml
            server:
              listen: 127.0.0.1:8080
            ```

            A value that begins with `[` or is a lone `-` needs quotes in the file: `"[::1]:8080"`, `"-"`.

            Where a setting takes several values they are a list in the file, the flag once for each, or one text with commas between them.

            The sections `sites` and `origins` of the file hold [rules for sites](site-rules.md).

            SIGHUP has a running server read its settings anew: `sites`, `origins`, \(GyreSettings.reloaded.sorted(by: >).map { "`\($0)`" }.joined(separator: " and "))
            with the users in its file hold from the next request on. A new place of an origin counts at once; requests on their way to the old one end there, and what
            is stored stays. Whatever else was changed is named with its file and line, and waits for a restart. With a mistake in the file nothing is taken over.

            In the environment the same setting is `GYRE_SERVER_LISTEN`. An unknown name in the file is an error; in the environment it is a
            warning.

            """
        for (name, heading) in sections {
            page += "\n## \(name): \(heading)\n\n"
            page += "| setting | flag | value | default | allowed | what it does |\n|---|---|---|---|---|---|\n"
            for setting in settings where setting.section == name {
                page += row(setting)
            }
        }
        page += "\n## How values are written\n\n| value | written as |\n|---|---|\n"
        var seen: Set<String> = ["choice"]
        for setting in settings where seen.insert(setting.typeName).inserted {
            page += "| \(cell(setting.typeName)) | \(cell(setting.writing)) |\n"
        }
        page += "\n## Names in the environment\n\n| variable | setting |\n|---|---|\n"
        for setting in settings {
            page += "| `\(setting.environmentName)` | `\(setting.key)` |\n"
        }
        page += "\n## Settings that must agree\n\n| rule | what must hold |\n|---|---|\n"
        for relation in SettingRelations.all {
            page += "| `\(relation.rule.rawValue)` | \(cell(relation.rule.summary)) |\n"
        }
        return page
    }

    private static func row(_ setting: Setting) -> String {
        let columns = [
            "`\(setting.key)`",
            setting.flag.map { "`\($0)`" } ?? "",
            cell(setting.typeName),
            setting.defaultText.map { "`\(cell($0))`" } ?? required(setting),
            cell(setting.choices.isEmpty ? setting.allowed ?? "" : WordList.or(setting.choices)),
            cell(setting.summary),
        ]
        return "| \(columns.joined(separator: " | ")) |\n"
    }

    private static func required(_ setting: Setting) -> String {
        if case .requiredUnless(let other) = setting.defaultValue { return "(required without `\(other)`)" }
        return "(required)"
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
