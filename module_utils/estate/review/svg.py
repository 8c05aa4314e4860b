"""What a picture is made of: boxes with lines of text, curves between them, and how wide text is. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

# Each meets 4.5:1 on every background here; no meaning hangs on colour alone (lines also differ in their dashes).
INK, GREY, RED = "#0b0c0c", "#505a5f", "#b10e1e"
SIZE, SMALL = 13, 12
LINE = 17
FONT = "Arial, Helvetica, sans-serif"
_WIDE, _NARROW = "MWmw@%", "iIljtf.,:;'|! ()[]-"


def width(text: str, size: float = SIZE) -> float:
    """About as wide as Arial draws it, or a little wider, so that text stays in its box."""
    units = sum(
        0.95 if char in _WIDE else 0.36 if char in _NARROW else 0.68 if char.isupper() else 0.57 for char in text
    )
    return units * size


class Text(NamedTuple):
    words: str
    colour: str = INK
    size: int = SIZE
    bold: bool = False


def wrapped(words: str, room: float, colour: str = INK, size: int = SIZE) -> list[Text]:
    """Lines that fit; a name that is too long for one is broken."""
    fits = max(8, int(room / (0.6 * size)))
    while True:
        lines = textwrap.wrap(words, fits, break_on_hyphens=False) or [""]
        if fits <= 8 or all(width(line, size) <= room for line in lines):
            return [Text(line, colour, size) for line in lines]
        fits -= 1


class Box(NamedTuple):
    """A node of the picture: where it is, and what it says."""

    x: float
    y: float
    w: float
    lines: Sequence[Sequence[Text]]  # rows of cells
    edge: str = INK
    dashed: bool = False
    rounded: bool = False

    @property
    def h(self) -> float:
        return len(self.lines) * LINE + 8

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.y + self.h / 2

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.w, self.y + self.h / 2


def box(one: Box) -> str:
    dash = ' stroke-dasharray="4 3"' if one.dashed else ""
    round_ = 6 if one.rounded else 0
    out = [
        f'<rect x="{one.x:.0f}" y="{one.y:.0f}" width="{one.w:.0f}" height="{one.h:.0f}" rx="{round_}" '
        f'fill="white" stroke="{one.edge}"{dash}/>'
    ]
    for row, cells in enumerate(one.lines):
        for column, cell in enumerate(cells):
            if cell.words:
                out.append(text(one.x + 7 + column * (one.w - 7) / len(cells), one.y + 4 + row * LINE + 13, cell))
    return "\n".join(out)


def text(x: float, y: float, said: Text) -> str:
    bold = ' font-weight="bold"' if said.bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{said.size}" fill="{said.colour}"{bold}>{escape(said.words)}</text>'
    )


def curve(start: tuple[float, float], end: tuple[float, float], colour: str, style: str, title: str) -> str:
    """style: "solid", "dotted", "dashed", or "member", which has no arrow. Between two of one column it bows out."""
    (x1, y1), (x2, y2) = start, end
    if x2 < x1 + 8:
        out = x1 + min(110, 30 + abs(y2 - y1) / 6)
        path = f"M{x1:.0f},{y1:.0f} C{out:.0f},{y1:.0f} {out:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    else:
        bend = (x2 - x1) / 2
        path = f"M{x1:.0f},{y1:.0f} C{x1 + bend:.0f},{y1:.0f} {x2 - bend:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    dash = {"dotted": ' stroke-dasharray="1.5 4" stroke-linecap="round"', "dashed": ' stroke-dasharray="7 5"'}.get(
        style, ""
    )
    head = "" if style == "member" else f' marker-end="url(#to-{colour[1:]})"'
    line = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}{head}>'
    return f"{line}<title>{escape(title)}</title></path>"


def marker(colour: str) -> str:
    return (
        f'<marker id="to-{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
    )


def panel(x: float, y: float, w: float, h: float, colour: str) -> str:
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" rx="8" fill="{colour}"/>'


def crown(x: float, y: float, colour: str) -> str:
    """Root's, 16 wide."""
    points = "0,12 0,3 4,7 8,0 12,7 16,3 16,12"
    return f'<polygon class="crown" transform="translate({x:.0f},{y:.0f})" points="{points}" fill="{colour}"/>'


def page(wide: float, high: float, title: str, description: str, parts: Iterable[str]) -> str:
    """An SVG that screen readers read out, as wide as there is room and no wider than it is."""
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" '
            f'viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" height="{high:.0f}" '
            f'style="max-width: 100%; height: auto; background: white" font-family="{FONT}">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            "<style>@page { size: A4 landscape; margin: 8mm }</style>",
            *parts,
            "</svg>\n",
        ]
    )
