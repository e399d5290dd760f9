"""The style of all pictures: 16:9, text readable from the back row, colours that colour-blind people can tell apart.

Colours are those of Okabe and Ito (2008), without yellow on white and without dark blue on black; markers differ as
well, so that a print in grey can be read. Neither pyplot nor its backends are used: a figure is made and returned, and
the caller saves it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.records import UserError

WIDTH_IN, HEIGHT_IN = 12.8, 7.2
"""Size of a picture in inches, 16:9; text of 18 pt has 1/29 of its height."""

TEXT_PT = 18
TITLE_PT = 26

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")

DPI = 150
"""Dots per inch of a PNG: 1920 × 1080."""

_SALT = "coursebench"

_NO_DATE: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True)
class Theme:
    """The colours of a picture."""

    name: str
    paper: str
    ink: str
    faint: str
    grid: str
    shade: str
    colors: tuple[str, ...]


THEMES = {
    "light": Theme(
        name="light", paper="#ffffff", ink="#1a1a1a", faint="#555555", grid="#e2e2e2", shade="#f3f3f3",
        colors=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"),
    ),
    "dark": Theme(
        name="dark", paper="#14171c", ink="#f2f2f2", faint="#b4b8bf", grid="#2d323a", shade="#20242b",
        colors=("#56b4e9", "#e69f00", "#2fc79b", "#e08fc0", "#f0e442", "#ff8a4c", "#f2f2f2", "#9aa0a8"),
    ),
}  # fmt: skip


def theme(name: str) -> Theme:
    """The theme of this name. Raises `UserError` if there is none."""
    try:
        return THEMES[name]
    except KeyError:
        raise UserError(f"there is no theme '{name}'; choose one of {', '.join(THEMES)}") from None


def drawing(colors: Theme) -> AbstractContextManager[None]:
    """The settings under which everything in a picture is drawn."""
    settings: Any = {
        "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that a picture is the same everywhere
        "font.size": TEXT_PT,
        "text.color": colors.ink,
        "text.parse_math": False,  # a `$` in a name is a dollar sign
        "text.usetex": False,
        "axes.edgecolor": colors.faint,
        "axes.facecolor": colors.paper,
        "axes.labelcolor": colors.ink,
        "axes.linewidth": 1.2,
        "figure.facecolor": colors.paper,
        "figure.edgecolor": colors.paper,
        "xtick.color": colors.faint,
        "xtick.labelcolor": colors.ink,
        "ytick.color": colors.faint,
        "ytick.labelcolor": colors.ink,
        "lines.linewidth": 3.0,
        "lines.markersize": 11.0,
        "path.simplify": False,
        "svg.fonttype": "path",  # text as outlines, so that no font is needed to show it
        "svg.hashsalt": _SALT,
        "pdf.fonttype": 42,
    }
    return matplotlib.rc_context(settings)


def figure(colors: Theme) -> Figure:
    """An empty picture of the usual size, which can measure its own text."""
    made = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=100)
    FigureCanvasAgg(made)
    made.set_facecolor(colors.paper)
    return made


def save(picture: Figure, path: str | Path) -> Path:
    """Writes the picture to `.svg`, `.png` or `.pdf`; the same picture gives the same bytes, without a date.

    Raises `UserError` on another suffix.
    """
    path = Path(path)
    path.write_bytes(encode(picture, format_of(path)))
    return path


def format_of(path: Path) -> str:
    """`svg`, `png` or `pdf`, by the suffix of a file's name. Raises `UserError` on another suffix."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in _NO_DATE:
        raise UserError(f"cannot draw to '{path.name}'; the name must end in .{', .'.join(_NO_DATE)}")
    return suffix


def encode(picture: Figure, format: str, more: Mapping[str, str] | None = None) -> bytes:
    """The picture as the bytes of a file of this format (`svg`, `png`, `pdf`); more: additional metadata."""
    buffer, metadata = io.BytesIO(), {**_NO_DATE[format], **(more or {})}
    with matplotlib.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "path", "pdf.fonttype": 42}):
        picture.savefig(buffer, format=format, dpi=DPI, metadata=metadata, facecolor=picture.get_facecolor())
    return buffer.getvalue()
