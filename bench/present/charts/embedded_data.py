"""Charts that carry their data: the file itself holds what is drawn, how, from which runs, and a digest.

A figure is always drawn from the rows that it carries, so it can be drawn from them again, byte for byte with the
same versions. An SVG holds them in a `metadata` element, a PNG in an `iTXt` chunk, a PDF in its keywords.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.analyse.rows import record, record_reader
from bench.analyse.rows.row import Row
from bench.present import charts, picture_style
from bench.present.charts.all_charts import chart_named
from bench.records import UserError
from bench.store import runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCHEMA = 1
"""Version of the JSON in a figure. 1: chart, slug, theme, title, alt, rows, runs, versions, digest."""

NESTED = ("twins", "phases", "samples", "quality")
"""Columns that a figure carries only if its chart names them in `needs` or `carries`."""

LEFT_OUT = ("findings", "detail", "counters", "no_clock", "break_reasons")
"""Columns that no chart draws."""

MARK = "coursebench"
"""The id of the element, and the keyword of the chunk."""

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG_OPENS = re.compile(rb"<svg\b[^>]*>")
_SVG_HOLDS = re.compile(rf'<metadata id="{MARK}">(.*?)</metadata>'.encode(), re.DOTALL)
_PDF_HOLDS = re.compile(rb"/Keywords \(([A-Za-z0-9+/=]+)\)")


@dataclass(frozen=True)
class FigureData:
    """The data that a figure carries."""

    chart: str
    slug: str
    theme: str
    title: str
    alt: str
    rows: tuple[Mapping[str, Any], ...]
    versions: Mapping[str, str]

    @property
    def runs(self) -> list[str]:
        """The ids of the runs whose rows it holds."""
        return list(dict.fromkeys(str(row["run"]) for row in self.rows if row.get("run")))

    def shown(self) -> list[Row]:
        """The rows as the charts take them."""
        return record_reader.rows_of({name: _back(value) for name, value in row.items()} for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """The records of the rows, as a pandas frame."""
        import pandas as pd

        return pd.DataFrame([{name: _back(value) for name, value in row.items()} for row in self.rows])

    def figure(self) -> Figure:
        """The picture, drawn from the rows. Raises `UserError` if they cannot fill it."""
        rows = self.shown()
        before = self.title.removesuffix(chart_named(self.chart).finding(rows))
        return charts.headed(self.chart, before if before != self.title else "", rows, self.theme)

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all of it."""
        content = {**vars(self), "rows": list(self.rows)}
        return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()

    def text(self) -> str:
        """The data as JSON."""
        content = {"schema": SCHEMA, **vars(self), "rows": list(self.rows), "runs": self.runs, "digest": self.digest()}
        return json.dumps(content, allow_nan=False)

    def csv(self) -> str:
        """The rows that are drawn, one for each case and clock, as CSV without nested columns."""
        frame = self.frame()
        return str(frame.drop(columns=[name for name in ("params", *NESTED) if name in frame]).to_csv(index=False))


def figure_data(spec: charts.ChartSpec, rows: Sequence[Row], theme: str) -> FigureData:
    """The data that the figure of a picture of these rows will carry."""
    chart = chart_named(spec.name)
    left = {*LEFT_OUT, *(name for name in NESTED if name not in (*chart.needs, *chart.carries))}
    carried = tuple(
        {
            name: _plain(value)
            for name, value in each.items()
            if name not in left and (value is not None or name in chart.needs)
        }
        for each in record.records(spec.rows(rows))
    )
    data = FigureData(spec.name, spec.slug, theme, spec.title, "", carried, versions())
    return replace(data, alt=spec.before + chart.describe(data.shown()))


def overlaid(lower: FigureData, rows: Sequence[Row]) -> FigureData:
    """The figure with the same cases of another run drawn over it, as those of another machine.

    Raises `UserError` for a chart that cannot show two machines, for the same run, and for a run without its workloads.
    """
    if lower.chart not in charts.TOGETHER:
        raise UserError(
            f"'{lower.chart}' shows one machine; two can be drawn over each other in: {', '.join(charts.TOGETHER)}"
        )
    workloads = {row.workload for row in lower.shown()}
    own = [row for row in rows if row.workload in workloads]
    if not own:
        raise UserError(f"that run did not measure {', '.join(sorted(workloads))}, which the figure shows")
    if {row.run for row in own} & set(lower.runs):
        raise UserError("that is the run that the figure shows")
    spec = next((each for each in charts.available(own) if each.slug == lower.slug), None)
    if spec is None:
        raise UserError(f"that run has too few cases of {', '.join(sorted(workloads))} for '{lower.chart}'")
    upper = figure_data(spec, own, lower.theme)
    both = replace(lower, rows=(*lower.rows, *upper.rows), versions=versions())
    chart, shown = chart_named(lower.chart), both.shown()
    return replace(both, title=chart.finding(shown), alt=chart.describe(shown))


def versions() -> dict[str, str]:
    """Versions of the packages that the bytes of a picture depend on."""
    return {name: version(name) for name in ("coursebench", "matplotlib", "numpy")}


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: an infinite number as text, a missing one as null, at every level."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _back(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in ("inf", "-inf") else value


def encode(data: FigureData, suffix: str) -> bytes:
    """The bytes of a file (`svg`, `png`, `pdf`) that shows the picture and carries its data."""
    picture, text = data.figure(), data.text()
    if suffix == "pdf":
        metadata = {"Title": data.title, "Subject": data.alt, "Keywords": base64.b64encode(text.encode()).decode()}
        return picture_style.encode(picture, suffix, metadata)
    drawn = picture_style.encode(picture, suffix)
    if suffix == "svg":
        opened = _SVG_OPENS.search(drawn)
        assert opened is not None  # matplotlib writes one
        elements = (
            f'<title>{escape(data.title)}</title><desc>{escape(data.alt)}</desc><metadata id="{MARK}">'
            f"{escape(text, quote=False)}</metadata>"
        )
        root = opened.group().replace(b"<svg", b'<svg role="img"', 1)
        return drawn[: opened.start()] + root + elements.encode() + drawn[opened.end() :]
    at = len(_PNG) + 25  # after the header, which always comes first and has 13 bytes
    return drawn[:at] + _chunk("Description", data.alt) + _chunk(MARK, text) + drawn[at:]


def write(data: FigureData, folder: Path, name: str, suffixes: Sequence[str]) -> list[Path]:
    """Writes a figure as `<name>.<suffix>` for each suffix, and next to it its rows (.csv) and alt text (.txt).

    Files of these names are replaced. Returns the paths of the figures.
    """
    figures = {folder / f"{name}.{suffix}": encode(data, suffix) for suffix in suffixes}
    data_files = {folder / f"{name}.csv": data.csv().encode(), folder / f"{name}.txt": f"{data.alt}\n".encode()}
    for path, content in {**figures, **data_files}.items():
        runs.replace_whole(path, content)
    return list(figures)


def _chunk(keyword: str, text: str) -> bytes:
    """An international text chunk, compressed (PNG, third edition, 11.3.3.4)."""
    body = b"iTXt" + keyword.encode() + b"\0\1\0\0\0" + zlib.compress(text.encode(), 9)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def read(path: Path) -> FigureData:
    """The data that a figure carries. Raises `UserError` if `bench plot` did not write it or its data are damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    text = _held(content)
    if text is None:
        raise UserError(f"{path.name} carries no data of a chart: only figures that `bench plot` wrote do")
    try:
        data = json.loads(text)
        if data["schema"] > SCHEMA:
            raise UserError(f"{path.name} has schema {data['schema']}, and this version reads up to {SCHEMA}: update")
        names = ("chart", "slug", "theme", "title", "alt", "rows", "versions")
        figure = FigureData(**{**{name: data[name] for name in names}, "rows": tuple(map(dict, data["rows"]))})
        digest = str(data["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path.name}: what it carries is damaged ({type(error).__name__}: {error})") from None
    if figure.digest() != digest:
        raise UserError(f"{path.name}: the data that it carries were changed: their digest differs")
    return figure


def _held(data: bytes) -> str | None:
    """The JSON inside a file of any of the three formats; None if there is none."""
    try:
        if data.startswith(_PNG):
            return _from_png(data)
        if data.startswith(b"%PDF"):
            held = _PDF_HOLDS.search(data)
            return base64.b64decode(held.group(1)).decode() if held else None
        held = _SVG_HOLDS.search(data)
        return unescape(held.group(1).decode()) if held else None
    except (ValueError, struct.error, zlib.error, binascii.Error):
        return None


def _from_png(data: bytes) -> str | None:
    at = len(_PNG)
    while at + 12 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + size]
        opens = b"iTXt" + MARK.encode() + b"\0\1\0\0\0"
        if body.startswith(opens):
            return zlib.decompress(body[len(opens) :]).decode()
        at += 12 + size
    return None


def problems(path: Path) -> list[str]:
    """The problems of a figure; empty if its data give its picture, byte for byte. Raises as `read` does."""
    data = read(path)
    here = versions()
    if dict(data.versions) != here:
        other = ", ".join(f"{name} {data.versions.get(name)} (here {here[name]})" for name in here)
        return [f"drawn by other versions, whose bytes cannot be made here: {other}"]
    again = encode(data, path.suffix.lower().removeprefix("."))
    return [] if again == path.read_bytes() else ["the picture is not the one that its data give"]
