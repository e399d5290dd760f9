"""Boxes of a flame graph as SVG: alone for a page, which has its own words, or with title, legend and notes.

The root is at the top (an icicle): a page is read from the top, so the outermost frames come first and stay in place,
however deep the stacks below them are; and for a reader who zooms in, the way back to the root is next to the controls.
"""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.analyse.profiles import frame_owner
from bench.present.flames import flame_colours
from bench.present.flames.flame_colours import LABEL_PX, SANS, WORDS
from bench.present.picture_style import Theme

ROW_PX = 20
PAD_PX = 4
"""Pixels left free on either side of a label."""

THIN_PX = 3
"""Narrower frames have no line around them."""

CELL_PX = 0.62 * LABEL_PX
"""Width of a letter in the widest of the fonts for labels (SF Mono); in the others it is 0.55 to 0.61 of the size."""

LEAST_LETTERS = 3
"""Fewest letters of a label that is cut: fewer would say nothing."""

_TITLE_PX, _TEXT_PX, _MARGIN_PX = 20, 15, 16

_GAP = "\u2003"
"""Space between entries of the legend: an em, which does not collapse as other spaces do."""

_LETTER = 0.6
"""Width of a letter of running text ÷ font size: more than the average in any font, so that no line is cut."""

_ILLEGAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 forbids (section 2.2), and controls."""

_OF_THE_FONT = 0x530
"""End of Latin, Greek and Cyrillic, the letters that every monospace font has in its one width."""


@dataclass(frozen=True)
class Box:
    """A frame: from `left` to `right` as shares of the whole (0 to 1), in row `depth`, the root in row 0.

    detail: the text below its name in the tooltip. mark: stands before its label.
    """

    left: float
    right: float
    depth: int
    text: str
    detail: str
    look: str
    mark: str = ""


def alone(boxes: Sequence[Box], *, alt: str, width: float) -> str:
    """The boxes for a page, in the colours of its theme; `width` in pixels holds until a script lays them out."""
    height = _height(boxes)
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return (
        f'<svg class="flame" {size} role="img" aria-label="{_escaped(alt)}"><style>\n{flame_colours.following()}\n'
        f"</style>\n{_drawn(boxes, width)}\n</svg>"
    )


def picture(boxes: Sequence[Box], *, title: str, alt: str, notes: Sequence[str], theme: Theme, width: float) -> str:
    """A whole file: title, legend, the boxes, and notes below; `width` in pixels."""
    inner = width - 2 * _MARGIN_PX
    y: float = _MARGIN_PX
    out: list[str] = []
    for line in _wrapped(title, inner, _TITLE_PX):
        y += 1.3 * _TITLE_PX
        out.append(_line(line, _MARGIN_PX, y, "title"))
    for row in _legend_rows(legend(boxes), inner):
        y += 1.6 * _TEXT_PX
        entries = "".join(f'<tspan class="{look}">■</tspan> {words} {_GAP}' for look, words in row)
        out.append(f'<text class="words" x="{_MARGIN_PX}" y="{y:.6g}">{entries}</text>')
    y += _MARGIN_PX
    out.append(f'<g class="flame" transform="translate({_MARGIN_PX} {y:g})">\n{_drawn(boxes, inner)}\n</g>')
    y += _height(boxes) + 0.3 * _TEXT_PX
    for note in notes:
        y += 0.3 * _TEXT_PX
        for line in _wrapped(note, inner, _TEXT_PX):
            y += 1.4 * _TEXT_PX
            out.append(_line(line, _MARGIN_PX, y, "words"))
    height = round(y + _MARGIN_PX)
    keys = "\n".join(f".words .{look}{{fill:{fill}}}" for look, fill in flame_colours.fills(theme).items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" '
        f'height="{height}" role="img" aria-label="{_escaped(alt)}">\n<style>\n{flame_colours.fixed(theme)}\n{keys}\n'
        f".title{{font:bold {_TITLE_PX}px {SANS};fill:{theme.ink}}}\n.words{{font:{_TEXT_PX}px {SANS};"
        f"fill:{theme.ink}}}\n.words tspan{{stroke:{theme.faint};stroke-width:.5;font-size:{1.2 * _TEXT_PX:g}px}}\n"
        f'</style>\n<rect width="100%" height="100%" fill="{theme.paper}"/>\n' + "\n".join(out) + "\n</svg>\n"
    )


def legend(boxes: Sequence[Box]) -> tuple[tuple[str, str], ...]:
    """The looks that the boxes have, with their words."""
    present = {box.look for box in boxes}
    return tuple((look, words) for look, words in WORDS.items() if look in present)


def fitted(text: str, room: float, mark: str = "") -> str:
    """The label of a frame in `room` pixels: all of it, its name alone, or that cut short; empty if none fits.

    mark: stands before the label and is never cut; it stays if nothing else fits.
    """
    if room < _width(mark.strip()):
        return ""
    room -= _width(mark)
    name, _ = frame_owner.parts(text)
    for whole in (text, name):
        if whole and _width(whole) <= room:
            return mark + whole
    kept, used = "", _width("…")
    for letter in name:
        used += _width(letter)
        if used > room:
            break
        kept += letter
    return f"{mark}{kept}…" if len(kept) >= LEAST_LETTERS else mark.strip()


def clean(text: str) -> str:
    """Text as one line that XML can hold."""
    return _ILLEGAL.sub("\ufffd", " ".join(text.split())) or "(no name)"


def _height(boxes: Sequence[Box]) -> float:
    return ROW_PX * (1 + max(box.depth for box in boxes))


def _drawn(boxes: Sequence[Box], width: float) -> str:
    return "\n".join(_box(box, width) for box in boxes)


def _box(box: Box, width: float) -> str:
    # Edges are rounded, not widths, so that a box within another stays within it. The script of a page reads them, so
    # they have more digits than a screen needs.
    left, right = round(box.left * width, 4), round(box.right * width, 4)
    y, text = box.depth * ROW_PX, clean(box.text)
    thin = " thin" if right - left < THIN_PX else ""
    mark = f' data-mark="{box.mark}"' if box.mark else ""
    shown = fitted(text, right - left - 2 * PAD_PX, box.mark)
    label = f'<text x="{left + PAD_PX:.6g}" y="{y + 14}"{_stretch(shown)}>{_escaped(shown)}</text>' if shown else ""
    return (
        f'<g class="{box.look}{thin}"{mark}><title>{_escaped(text)}\n{_escaped(clean(box.detail))}</title>'
        f'<rect x="{left:.8g}" y="{y}" width="{round(right - left, 4):.8g}" height="{ROW_PX}"/>{label}</g>'
    )


def _stretch(text: str) -> str:
    """Attributes that set the width of the text, if it has letters of other fonts, whose widths are not known."""
    known = all(ord(letter) < _OF_THE_FONT or letter in "…−" for letter in text)
    return "" if known else f' textLength="{_width(text):.6g}" lengthAdjust="spacingAndGlyphs"'


def _width(text: str) -> float:
    return CELL_PX * sum(map(_cells, text))


def _cells(letter: str) -> float:
    if ord(letter) < _OF_THE_FONT or letter in "…−":
        return 1
    return 2.2 if unicodedata.east_asian_width(letter) in "WF" else 1.6


def _escaped(text: str) -> str:
    return html.escape(text)


def _line(text: str, x: float, y: float, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.6g}" y="{y:.6g}">{_escaped(text)}</text>'


def _wrapped(text: str, room: float, size: float) -> list[str]:
    return textwrap.wrap(clean(text), max(8, int(room / (_LETTER * size))))


def _legend_rows(entries: Sequence[tuple[str, str]], room: float) -> Iterator[list[tuple[str, str]]]:
    """Entries of the legend by row, as many as surely fit."""
    row: list[tuple[str, str]] = []
    used = 0.0
    for look, words in entries:
        needed = _LETTER * _TEXT_PX * (len(words) + 2 + len(_GAP))
        if row and used + needed > room:
            yield row
            row, used = [], 0.0
        row.append((look, words))
        used += needed
    if row:
        yield row
