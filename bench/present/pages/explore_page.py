"""The page on which a reader chooses workload, axes and measure and sees the points.

The page is self-contained and needs no network: Vega, Vega-Lite and vega-embed are inlined. Altair makes the picture
here, with everything that does not depend on the reader; `explore.js` fills in what the reader chooses.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2

from bench.analyse.rows.row import Row
from bench.present import picture_style, row_groups
from bench.present.pages import explore_points, report_page
from bench.present.tables import table_formats
from bench.records import UserError

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif'
"""The font of `style.css`."""

SHAPES = (
    "M1,0A1,1 0 1 1 -1,0A1,1 0 1 1 1,0Z",
    "M-.9,-.9H.9V.9H-.9Z",
    "M0,-1L1,.9H-1Z",
    "M0,-1.1L1.1,0L0,1.1L-1.1,0Z",
    "M0,1L-1,-.9H1Z",
    "M-.4,-1H.4V-.4H1V.4H.4V1H-.4V.4H-1V-.4H-.4Z",
    "M1,0L-.9,1V-1Z",
    "M-1,0L.9,-1V1Z",
)
"""Outlines of markers, about 2 wide: a disc, a square, … They differ as the colours do, so that a print in grey can be
read."""

LOST = "M-1,-1L1,1M-1,1L1,-1"
"""The mark of a case without a number: a cross of two strokes."""

NEEDED = "the page to explore needs altair and vl-convert-python: pip install 'coursebench[explore]'"

_PLAIN = "format(datum.value, ',.4~r')"
_LARGE = "replace(format(datum.value, '.4~s'), regexp('([a-zA-Z])$'), ' $1')"

TICKS: Mapping[str, str] = {
    # A tick at a power of ten may be an ulp below its unit.
    "seconds": " : ".join([
        "datum.value === 0 ? '0 s'",
        *(f"datum.value < {0.9999999 * most} ? format(datum.value * {factor:g}, ',.4~r') + ' {unit}'"
          for most, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"))),
        f"{_PLAIN} + ' s'",
    ]),
    "ratio": f"{_PLAIN} + '×'",
    "plain": _PLAIN,
    "count": f"abs(datum.value) < 10000 ? format(datum.value, '.4~r') : {_LARGE}",
}  # fmt: skip
"""Labels of ticks by kind of number, as expressions of Vega; for other charts, `words.units` writes them."""


def page(
    rows: Sequence[Row], batch: Sequence[Mapping[str, Any]], *, vs: str | None = None, beside: str | None = None
) -> str:
    """The whole page.

    batch: `run.json` of each run of the rows; the page shows its id, status and time if they are present. vs: the
    reference of the speed-ups (`mode=eager`). beside: the address of the page of the report, for a link back.
    Raises `UserError` if altair or vl-convert-python is not installed.
    """
    spec, libraries = picture(), _libraries()
    data = {
        "workloads": explore_points.workloads(rows, vs),
        "spec": spec,
        "ticks": dict(TICKS),
        "shapes": list(SHAPES),
        "themes": {name: _config(theme) for name, theme in picture_style.THEMES.items()},
    }
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environ.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "allow_nan": False,
    }  # in the order given, not sorted
    return environ.get_template("explore.html.j2").render(
        ids=[str(run["run"]) for run in batch if run.get("run")],
        machines=row_groups.machines(rows),
        summary=report_page.summary(rows, batch),
        beside=beside,
        data=table_formats.plain(data),
        libraries=libraries,
    )


def picture() -> dict[str, Any]:
    """The specification of the picture for Vega-Lite: lines, intervals, points of two kinds, cases without a number.

    Its data are named `points`, which are `sure` (with an interval) or `bare`, `lost`, and `reference` (levels to
    compare with). A point has `x`, `y`, `low`, `high`, `series` (its colour), `kind` (what else tells it apart), `line`
    (points of one line are alike in all but x), `nudge` (pixels to the right), and the texts of its tooltip; a lost one
    has `lift` (pixels downwards) and `why`. Raises `UserError` if altair is not installed.
    """
    try:
        import altair as alt
    except ImportError:
        raise UserError(NEEDED) from None
    tooltips = [
        alt.Tooltip(f"{field}:N", title=title)
        for field, title in (
            ("key", "case"), ("text", "value"), ("how", "interval"), ("launches", "launches"), ("doubts", "doubts")
        )
    ]  # fmt: skip

    def of(name: str) -> alt.Chart:
        chart = alt.Chart(alt.NamedData(name=name))
        return chart if name == "reference" else chart.encode(x=alt.X("x:Q"), color=alt.Color("series:N"))

    nudged = alt.ExprRef("datum.nudge")
    height, shape = alt.Y("y:Q"), alt.Shape("series:N")
    drawn = alt.layer(
        of("reference").mark_rule(strokeDash=[6, 4]).encode(y=height),
        of("points").mark_line(strokeWidth=2, xOffset=nudged).encode(y=height, detail="line:N"),
        of("sure").mark_rule(strokeWidth=2.5, xOffset=nudged).encode(y=alt.Y("low:Q"), y2="high:Q", tooltip=tooltips),
        of("sure")
        .mark_point(filled=True, size=110, opacity=1, xOffset=nudged)
        .encode(y=height, shape=shape, tooltip=tooltips),
        of("bare")
        .mark_point(filled=False, size=110, strokeWidth=2.5, opacity=1, xOffset=nudged)
        .encode(y=height, shape=shape, tooltip=tooltips),
        of("lost")
        .mark_point(shape=LOST, size=110, strokeWidth=2.5, opacity=1, xOffset=nudged)
        .encode(
            y=alt.value(alt.ExprRef("height - 12")),
            yOffset=alt.YOffset("lift:Q", scale=None),
            tooltip=[alt.Tooltip("key:N", title="case"), alt.Tooltip("why:N", title="no number")],
        ),
    )
    return drawn.to_dict()


@functools.cache
def _libraries() -> str:
    """The script that defines `vegaEmbed`, with all that it needs."""
    try:
        import altair
        import vl_convert
    except ImportError:
        raise UserError(NEEDED) from None
    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)


def _config(theme: picture_style.Theme) -> dict[str, Any]:
    """The configuration of Vega for a theme."""
    return {
        "background": theme.paper,
        "font": FONT,
        "axis": {
            "labelColor": theme.ink, "titleColor": theme.ink, "labelFontSize": 13, "titleFontSize": 13,
            "gridColor": theme.grid, "domainColor": theme.faint, "tickColor": theme.faint, "titlePadding": 10,
            "titleFontWeight": 600, "labelPadding": 5,
        },
        "view": {"stroke": None},
        "rule": {"color": theme.faint},
        "range": {"category": list(theme.colors)},
    }  # fmt: skip
