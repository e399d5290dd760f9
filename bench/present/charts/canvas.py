"""The parts of every picture: title on top, footer below, and text that is measured before it is placed.

All lengths are in points, (0, 0) is the lower left corner of the picture.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D

from bench.present import picture_style
from bench.present.picture_style import TEXT_PT, TITLE_PT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = picture_style.WIDTH_IN * 72, picture_style.HEIGHT_IN * 72
MARGIN = 24.0
LEADING = 1.3
"""Line height ÷ font size."""

_WORDS = re.compile(r"(?:\[[^\[\]]{1,24}\]\S*|\S+)(?: ·(?= ))?")
"""Text that a line break must not split: a word, or an interval in brackets, with the dot that follows it in a list."""

_SLACK = 0.98
"""Hinting makes text up to 2 % wider at another resolution than the one at which it was measured."""

_FOOT_LINES = 4
"""Most lines below the picture: more would leave no room for it. The report has the rest."""


@functools.cache
def _ruler() -> Figure:
    """An empty picture of the usual format, to measure text with."""
    return picture_style.figure(picture_style.theme("light"))


@functools.lru_cache(
    maxsize=4096
)  # a picture measures much of its text twice, and the same picture in the other theme does so again
def _width(line: str, size: float, weight: str) -> float:
    """The width of a line in points."""
    renderer: Any = _ruler().canvas.get_renderer()  # type: ignore[attr-defined]
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return float(renderer.get_text_width_height_descent(line, font, False)[0]) * 72 / _ruler().dpi


def most_that_fit(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest number of letters up to `limit` that fits, 0 if none does; by bisection, as measuring is slow."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


_before: ContextVar[str] = ContextVar("_before", default="")


@contextmanager
def headed(before: str) -> Iterator[None]:
    """Makes titles that are drawn within this context begin with `before`: `16-core Xeon + H100: `."""
    token = _before.set(before)
    try:
        yield
    finally:
        _before.reset(token)


class Page:
    """A picture that is being drawn. The room left for the axes lies between `bottom` and `top`."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.figure: Figure = picture_style.figure(theme)
        self.top = HEIGHT - MARGIN
        self.bottom = MARGIN * 0.75

    def width_of(self, text: str, size: float = TEXT_PT, weight: str = "normal") -> float:
        """The width in points of the longest line of `text`."""
        return max(_width(line, size, weight) for line in text.split("\n"))

    def wrap(self, text: str, width: float, size: float = TEXT_PT, weight: str = "normal", lines: int = 99) -> str:
        """`text` in lines of at most `width` points; a longer word is broken.

        If `lines` are too few, `…` replaces the middle: the end of a name is often what tells it apart.
        """
        done: list[str] = []
        line = ""
        width *= _SLACK
        for word in _WORDS.findall(text):
            candidate = f"{line} {word}".strip()
            if self.width_of(candidate, size, weight) <= width:
                line = candidate
                continue
            if line:
                done.append(line)
            while self.width_of(word, size, weight) > width and len(word) > 1:
                at = self._break(word, width, size, weight)
                done.append(word[:at])
                word = word[at:]
            line = word
        done.append(line)
        if len(done) > lines:
            rest = " ".join(done[lines - 1 :])
            half = most_that_fit(
                len(rest) // 2,
                lambda half: self.width_of(f"{rest[:half]} … {rest[-half:]}", size, weight) <= width,
            )
            done = [*done[: lines - 1], f"{rest[:half].rstrip()} … {rest[-half:].lstrip()}"]
        return "\n".join(done)

    def _break(self, word: str, width: float, size: float, weight: str) -> int:
        """The place to break a word: after the last separator that fits, else where the width ends."""
        fits = max(1, most_that_fit(len(word) - 1, lambda n: self.width_of(word[:n], size, weight) <= width))
        soft = max(word.rfind(mark, 0, fits) + 1 for mark in "_/-.=,")
        return soft if soft > fits // 2 else fits

    def text(self, x: float, y: float, text: str, **options: Any) -> None:
        """Writes text at a place given in points."""
        options = {"fontsize": TEXT_PT, "linespacing": LEADING / 1.2, **options}
        self.figure.text(x / WIDTH, y / HEIGHT, text, **options)

    def title(self, text: str) -> None:
        """Writes the finding on top, after the name of the machine if `headed` asked for it."""
        room = WIDTH - 2 * MARGIN
        wrapped = self.wrap(_before.get() + text, room, TITLE_PT, "bold", lines=3).split("\n")
        self._lines(MARGIN, self.top, wrapped, TITLE_PT, fontweight="bold")
        self.top -= len(wrapped) * TITLE_PT * LEADING + 8

    def _lines(self, x: float, top: float, texts: Sequence[str], size: float, **options: Any) -> None:
        """Writes lines at equal distances, whatever letters they have, the first one below `top`."""
        for place, line in enumerate(texts):
            baseline = top - size * (1.0 + LEADING * place)
            self.text(x, baseline, line, fontsize=size, va="baseline", ha="left", **options)

    def foot(self, paragraphs: Sequence[str]) -> None:
        """Writes below the picture what one has to know to trust it, the source last. Call it once."""
        *notes, source = paragraphs
        ending = self.wrap(source, WIDTH - 2 * MARGIN, lines=2).split("\n")
        room = _FOOT_LINES - len(ending)
        lines = [line for text in notes for line in self.wrap(text, WIDTH - 2 * MARGIN, lines=2).split("\n")]
        if len(lines) > room:
            lines = [self.wrap(text, WIDTH - 2 * MARGIN, lines=1) for text in notes]
        if len(lines) > room:
            lines = [*lines[: room - 1], f"… and {len(lines) - room + 1} more notes: see the table."]
        lines += ending
        self.bottom += len(lines) * TEXT_PT * LEADING
        self._lines(MARGIN, self.bottom, lines, TEXT_PT, color=self.theme.faint)

    def note(self, x: float, y: float, text: str, **options: Any) -> None:
        """Writes the caption of an axis or a word next to a mark."""
        self.text(x, y, text, **{"color": self.theme.faint, **options})

    def axes(self, left: float, bottom: float, right: float, top: float, **options: Any) -> Axes:
        """Axes whose frame has these edges, without any decoration."""
        area = (left / WIDTH, bottom / HEIGHT, (right - left) / WIDTH, (top - bottom) / HEIGHT)
        made = self.figure.add_axes(area, **options)
        made.spines[["top", "right", "left"]].set_visible(False)
        made.tick_params(length=0, pad=8)
        made.minorticks_off()
        return made

    def mark(self, x: float, y: float, marker: str, color: str, hollow: bool = False) -> None:
        """Draws a single mark at a place in points, outside the axes."""
        self.figure.add_artist(
            Line2D(
                [x / WIDTH], [y / HEIGHT], marker=marker, color=color, markersize=11, markeredgewidth=2.5,
                markerfacecolor=self.theme.paper if hollow else color, linestyle="none",
            )
        )  # fmt: skip

    def rule(self, points: Sequence[tuple[float, float]], color: str, dotted: bool = False) -> None:
        """Draws a thin line through places in points: from a mark to its label."""
        xs, ys = zip(*points, strict=True)
        line = Line2D([x / WIDTH for x in xs], [y / HEIGHT for y in ys], color=color, linewidth=1.2)
        if dotted:
            line.set_linestyle((0, (1, 5)))
        self.figure.add_artist(line)


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Centres for labels of these heights, as near as possible to where they are wanted, without overlap.

    Neighbours that would overlap are pooled and centred on the mean of their wishes (pool adjacent violators). All stay
    between `low` and `high`, provided that the heights fit there at all.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[tuple[list[int], float, float]] = []  # members, height, centre

    def place(members: list[int]) -> tuple[list[int], float, float]:
        height = sum(heights[i] for i in members)
        offsets, at = [], -height / 2
        for i in members:
            offsets.append(at + heights[i] / 2)
            at += heights[i]
        centre = sum(wanted[i] - offset for i, offset in zip(members, offsets, strict=True)) / len(members)
        return members, height, min(max(centre, low + height / 2), high - height / 2)

    for i in order:
        pool = place([i])
        while pools and pools[-1][2] + pools[-1][1] / 2 > pool[2] - pool[1] / 2:
            pool = place(pools.pop()[0] + pool[0])
        pools.append(pool)
    centres = [0.0] * len(wanted)
    for members, height, centre in pools:
        at = centre - height / 2
        for i in members:
            centres[i] = at + heights[i] / 2
            at += heights[i]
    return centres
