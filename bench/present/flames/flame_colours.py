"""The colours of flame graphs: the owner of a frame, or its change, with labels that are readable on them.

Colours are those of `bench.present.picture_style`. The owner of a frame has one of the three that lie farthest apart
for all kinds of colour blindness: orange, sky blue and grey. Frames that only hold the rest (the harness, frames that
do not clearly differ) have the colour of grids, which differs from all others in lightness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bench.analyse.profiles.frame_owner import is_own, parts
from bench.present import picture_style
from bench.present.picture_style import Theme

WORDS: Mapping[str, str] = {
    "own": "the workload's own code",
    "torch": "torch",
    "library": "Python and other libraries",
    "harness": "the harness",
    "slower3": "+ slower by more than 5 % of the step",
    "slower2": "+ slower by 1 to 5 % of the step",
    "slower1": "+ slower by less than 1 % of the step",
    "faster1": "− faster by less than 1 % of the step",
    "faster2": "− faster by 1 to 5 % of the step",
    "faster3": "− faster by more than 5 % of the step",
    "grey": "no clear difference",
}
"""Words of the legend for each look of a frame, in order; the look `root` needs none, because its label explains it."""

LOOKS = ("root", *WORDS)

_LEVELS = ((0.01, "1"), (0.05, "2"))
"""Depths of colour, each with the share of the step below which a difference has it; larger ones have depth `3`."""

_DEPTHS = {"1": 0.4, "2": 0.7, "3": 1.0}

_TORCH = re.compile(r"(?:.*/)?torch[/.]|(?:aten|at|autograd|c10|prims|torch)::")
"""A file of the package, a module of its C part, or an operator."""

MONOSPACE = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'
"""Fonts of labels, those of `code` in `style.css`: all letters have one width, which is known without the font."""

SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif'

LABEL_PX = 12


def owner(frame: str) -> str:
    """The owner of a frame `name (file)`: `own`, `harness`, `torch`, or `library` for all else."""
    name, file = parts(frame)
    if is_own(frame):
        return "own"
    if file.startswith("bench/"):
        return "harness"
    return "torch" if _TORCH.match(file or name) else "library"


def change(seconds: float, step: float) -> str:
    """The look of a frame that clearly takes `seconds` more (less, where negative) of a step of `step` seconds."""
    level = next((level for most, level in _LEVELS if abs(seconds) < most * step), "3")
    return f"{'slower' if seconds > 0 else 'faster'}{level}"


def fills(theme: Theme) -> dict[str, str]:
    """The colour of each look in a theme, as `#rrggbb`."""
    dark = theme.name == "dark"
    orange, sky, grey = (theme.colors[place] for place in ((1, 0, 7) if dark else (4, 5, 7)))
    slower, faster = (theme.colors[place] for place in ((5, 0) if dark else (1, 0)))
    colors = {"root": theme.shade, "own": orange, "torch": sky, "library": grey, "harness": theme.grid}
    for name, full in (("slower", slower), ("faster", faster)):
        colors |= {f"{name}{level}": _mixed(theme.grid, full, depth) for level, depth in _DEPTHS.items()}
    return {**colors, "grey": theme.grid}


def label(fill: str) -> str:
    """Black or white, whichever has more contrast: one of them always has 4.58 (√21) or more."""
    return max("#000000", "#ffffff", key=lambda color: contrast(fill, color))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def fixed(theme: Theme) -> str:
    """The style sheet of a picture in one theme, without variables: few programs other than browsers know them."""
    return _rules(_colors(theme).__getitem__)


def following() -> str:
    """The style sheet of a picture in a page: its colours follow the theme of the page, as in `style.css`."""
    light, dark = (
        "".join(f"--flame-{name}:{color};" for name, color in _colors(picture_style.THEMES[theme]).items())
        for theme in ("light", "dark")
    )
    return (
        f":root{{{light}}}\n"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}\n'
        f':root[data-theme="dark"]{{{dark}}}\n'
        f"{_rules(lambda name: f'var(--flame-{name})')}"
    )


def _colors(theme: Theme) -> dict[str, str]:
    colors = fills(theme)
    return {"paper": theme.paper, "ink": theme.ink, **colors, **{f"on-{look}": label(colors[look]) for look in colors}}


def _rules(color: Callable[[str], str]) -> str:
    return "\n".join([
        f".flame text{{font:{LABEL_PX}px {MONOSPACE};white-space:pre}}",
        f".flame rect{{stroke:{color('paper')};stroke-width:1}}",
        ".flame .thin rect{stroke:none}",  # the line between frames would hide them
        *(f".flame .{look} rect{{fill:{color(look)}}}.flame .{look} text{{fill:{color(f'on-{look}')}}}"
          for look in LOOKS),
    ])  # fmt: skip


def _channels(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def _luminance(color: str) -> float:
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (c / 255 for c in _channels(color))]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
