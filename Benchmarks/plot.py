# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""Bars as SVG: one panel for each scenario, readable on light and dark ground, no fonts of its own."""
from html import escape

COLUMNS, WIDTH, GAP, LABEL, VALUE = 2, 470, 30, 190, 60
HEAD, ROW, BAR = 50, 22, 14
TEXT, OTHER, OURS = "#7d8590", "#8b98a8", "#e8632c"


def panel(x, y, title, unit, about, bars):
    """bars: (name, median, least, most, is ours), the shortest first."""
    longest = max(bar[3] for bar in bars)
    scale = (WIDTH - LABEL - VALUE) / longest if longest else 0
    lines = [f'<text x="{x}" y="{y + 18}" font-size="14"><tspan font-weight="bold">{escape(title)}</tspan>: {escape(unit)}</text>',
             f'<text x="{x}" y="{y + 35}" font-size="11">{escape(about)}</text>']
    for number, (name, median, least, most, ours) in enumerate(bars):
        top = y + HEAD + number * ROW
        left, middle, base = x + LABEL, top + BAR / 2, top + BAR - 3
        colour, weight = (OURS, ' font-weight="bold"') if ours else (OTHER, "")
        lines += [
            f'<text x="{left - 8}" y="{base}" text-anchor="end"{weight}{f""" fill="{OURS}" """ if ours else ""}>{escape(name)}</text>',
            f'<rect x="{left}" y="{top}" width="{max(1, median * scale):.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
            f'<path d="M{left + least * scale:.1f} {middle}H{left + most * scale:.1f}" stroke="{TEXT}" stroke-width="1.5"/>',
            f'<text x="{left + most * scale + 6:.1f}" y="{base}"{weight}>{number_text(median)}</text>',
        ]
    return lines


def number_text(value):
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def svg(title, panels):
    """panels: (title, unit, one line about it, bars) in reading order; a row is as high as its higher panel."""
    lines, y = [], 10
    for first in range(0, len(panels), COLUMNS):
        row = panels[first:first + COLUMNS]
        for column, (name, unit, about, bars) in enumerate(row):
            lines += panel(10 + column * (WIDTH + GAP), y, name, unit, about, sorted(bars, key=lambda bar: bar[1]))
        y += HEAD + ROW * max(len(bars) for *_, bars in row) + 20
    width = 20 + COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}">', f"<title>{escape(title)}</title>", *lines, "</svg>", ""])
