// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// A line chart or a scatter of points as SVG, with axes from 0 where that makes sense. Nothing is loaded from anywhere.
struct Plot {
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    var title: String
    var xName: String
    var yName: String
    var series: [Series]
    /// Points only, without lines.
    var isScatter = false
    /// Names below the x axis in place of numbers.
    var xLabels: [String] = []
    /// A dashed line behind the points.
    var frontier: [(x: Double, y: Double)] = []

    static let colors = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a", "#bc4c00", "#4d2d00"]

    private static let (plane, left, bottom, top) = (470.0, 64.0, 48.0, 28.0)

    /// Room for the names beside the plane.
    private var right: Double { max(170, 44 + 6.7 * Double(series.map(\.name.count).max() ?? 0)) }
    private var width: Double { Self.plane + right }
    private var height: Double { max(340, Self.top + Self.row * Double(series.count + 1)) }
    private static let row = 17.0

    var svg: String {
        let xs = series.flatMap { $0.points.map(\.x) }
        let ys = series.flatMap { $0.points.map(\.y) }
        let (xMin, xMax) = (min(0, xs.min() ?? 0), Self.nice(max(xs.max() ?? 1, 1e-9)))
        let (yMin, yMax) = (0.0, Self.nice(max(ys.max() ?? 1, 1e-9)))
        func x(_ value: Double) -> Double { Self.left + (value - xMin) / (xMax - xMin) * (width - Self.left - right) }
        func y(_ value: Double) -> Double {
            height - Self.bottom - (value - yMin) / (yMax - yMin) * (height - Self.bottom - Self.top)
        }
        var svg = "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\"><title>\(Self.escaped(title))</title>"
        svg += "<text x=\"\(Self.left)\" y=\"16\" class=\"title\">\(Self.escaped(title))</text>"
        for step in 0...5 {
            let value = yMin + (yMax - yMin) * Double(step) / 5
            svg += "<line x1=\"\(Self.left)\" x2=\"\(width - right)\" y1=\"\(y(value))\" y2=\"\(y(value))\" class=\"grid\"/>"
            svg += "<text x=\"\(Self.left - 6)\" y=\"\(y(value) + 4)\" text-anchor=\"end\">\(Self.label(value))</text>"
        }
        let labels =
            xLabels.isEmpty ? (0...5).map { (xMin + (xMax - xMin) * Double($0) / 5, "") } : xLabels.enumerated().map { (Double($0), $1) }
        for (value, name) in labels where value <= xMax {
            let text = xLabels.isEmpty ? Self.label(value) : name
            svg += "<text x=\"\(x(value))\" y=\"\(height - Self.bottom + 16)\" text-anchor=\"middle\">\(Self.escaped(text))</text>"
        }
        svg +=
            "<text x=\"\((Self.left + width - right) / 2)\" y=\"\(height - 8)\" text-anchor=\"middle\">\(Self.escaped(xName))</text>"
        svg +=
            "<text x=\"14\" y=\"\(height / 2)\" transform=\"rotate(-90 14 \(height / 2))\" text-anchor=\"middle\">\(Self.escaped(yName))</text>"
        if frontier.count > 1 {
            let path = frontier.map { "\(Self.short(x($0.x))),\(Self.short(y($0.y)))" }.joined(separator: " ")
            svg += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"#57606a\" stroke-dasharray=\"5 4\"/>"
        }
        for (index, line) in series.enumerated() {
            let color = Self.colors[index % Self.colors.count]
            // When the colors have come round, lines are dashed and points hollow.
            let isAgain = index >= Self.colors.count
            if !isScatter, line.points.count > 1 {
                let path = line.points.map { "\(Self.short(x($0.x))),\(Self.short(y($0.y)))" }.joined(separator: " ")
                svg +=
                    "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"\(isAgain ? " stroke-dasharray=\"3 3\"" : "")/>"
            }
            let paint = isAgain ? "fill=\"#fff\" stroke=\"\(color)\" stroke-width=\"2\"" : "fill=\"\(color)\""
            for point in line.points {
                svg +=
                    "<circle cx=\"\(Self.short(x(point.x)))\" cy=\"\(Self.short(y(point.y)))\" r=\"\(isScatter ? 5 : 3)\" \(paint)><title>\(Self.escaped(line.name)): \(Self.label(point.x)), \(Self.label(point.y))</title></circle>"
            }
            let row = Self.top + 8 + Double(index) * Self.row
            svg += "<rect x=\"\(width - right + 14)\" y=\"\(row)\" width=\"10\" height=\"10\" \(paint)/>"
            svg += "<text x=\"\(width - right + 30)\" y=\"\(row + 9)\">\(Self.escaped(line.name))</text>"
        }
        return svg + "</svg>"
    }

    /// The same as a file of its own.
    var file: String {
        let style = "svg { font: 12px sans-serif; background: #fff } .grid { stroke: #d1d9e0 } .title { font-weight: 600; font-size: 14px }"
        return svg.replacingOccurrences(of: "<svg ", with: "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" ")
            .replacingOccurrences(of: "</title><text", with: "</title><style>\(style)</style><text") + "\n"
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(
            of: "\"",
            with: "&quot;"
        )
    }

    private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func label(_ value: Double) -> String {
        value == 0 ? "0" : abs(value) >= 1e4 || abs(value) < 1e-3 ? String(format: "%.1e", value) : String(format: "%.4g", value)
    }

    /// The next number of the form 1, 2, 2.5 or 5 times a power of ten.
    private static func nice(_ value: Double) -> Double {
        let power = pow(10, floor(log10(value)))
        return ([1, 2, 2.5, 5, 10].first { $0 * power >= value } ?? 10) * power
    }
}
