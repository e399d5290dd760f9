"""Charts that carry their evidence: what is drawn, how, from which runs, and a digest, inside the file itself.

A figure is always drawn from the rows that it carries, so that it can be drawn from them again, to the byte under the
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
from bench.present import charts, style
from bench.present.charts.all_charts import chart_named
from bench.records import UserError
from bench.store import runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCHEMA = 1
"""1: chart, slug, theme, title, alt, rows, runs, versions, digest."""

NESTED = ("twins", "phases", "samples", "quality")
"""Columns that only charts which name them in `needs` or `carries` carry."""

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
    """What a figure carries."""

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
        """The rows, as charts take them."""
        return record_reader.rows_of({name: _back(value) for name, value in row.items()} for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """The records of the rows, as a pandas frame."""
        import pandas as pd

        return pd.DataFrame([{name: _back(value) for name, value in row.items()} for row in self.rows])

    def figure(self) -> Figure:
        """The picture, drawn from the rows. Raises `UserError` where they do not allow it."""
        rows = self.shown()
        before = self.title.removesuffix(chart_named(self.chart).finding(rows))
        return charts.headed(self.chart, before if before != self.title else "", rows, self.theme)

    def digest(self) -> str:
        """SHA-256 of all of it, of the canonical JSON."""
        told = {**vars(self), "rows": list(self.rows)}
        return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()

    def text(self) -> str:
        """As JSON."""
        told = {"schema": SCHEMA, **vars(self), "rows": list(self.rows), "runs": self.runs, "digest": self.digest()}
        return json.dumps(told, allow_nan=False)

    def csv(self) -> str:
        """What is drawn, a row a case and clock, without nested columns."""
        frame = self.frame()
        return str(frame.drop(columns=[name for name in ("params", *NESTED) if name in frame]).to_csv(index=False))


def figure_data(spec: charts.ChartSpec, rows: Sequence[Row], theme: str) -> FigureData:
    """What the figure of a picture of these rows will carry."""
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
    found = FigureData(spec.name, spec.slug, theme, spec.title, "", carried, versions())
    return replace(found, alt=spec.before + chart.describe(found.shown()))


def overlaid(lower: FigureData, rows: Sequence[Row]) -> FigureData:
    """A figure with the same cases of another run drawn over it, as another machine's.

    Raises `UserError` for a chart that cannot show two machines, for the same run, and for one without its workloads.
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
    """Of what the bytes of a picture depend on."""
    return {name: version(name) for name in ("coursebench", "matplotlib", "numpy")}


def _plain(value: Any) -> Any:
    """As JSON holds it: an infinite number as text, one that is missing as null, also within what is nested."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _back(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in ("inf", "-inf") else value


def encode(found: FigureData, suffix: str) -> bytes:
    """The bytes of a file (`svg`, `png`, `pdf`) that shows and carries it."""
    picture, text = found.figure(), found.text()
    if suffix == "pdf":
        told = {"Title": found.title, "Subject": found.alt, "Keywords": base64.b64encode(text.encode()).decode()}
        return style.encode(picture, suffix, told)
    drawn = style.encode(picture, suffix)
    if suffix == "svg":
        opened = _SVG_OPENS.search(drawn)
        assert opened is not None  # matplotlib writes one
        told_svg = (
            f'<title>{escape(found.title)}</title><desc>{escape(found.alt)}</desc><metadata id="{MARK}">'
            f"{escape(text, quote=False)}</metadata>"
        )
        root = opened.group().replace(b"<svg", b'<svg role="img"', 1)
        return drawn[: opened.start()] + root + told_svg.encode() + drawn[opened.end() :]
    at = len(_PNG) + 25  # behind the header, which is always first and 13 bytes long
    return drawn[:at] + _chunk("Description", found.alt) + _chunk(MARK, text) + drawn[at:]


def write(found: FigureData, folder: Path, name: str, suffixes: Sequence[str]) -> list[Path]:
    """Write a figure as `<name>.<suffix>` of each of these, beside it its rows (.csv) and alt text (.txt).

    What had one of these names is replaced. The paths of the figures.
    """
    figures = {folder / f"{name}.{suffix}": encode(found, suffix) for suffix in suffixes}
    beside = {folder / f"{name}.csv": found.csv().encode(), folder / f"{name}.txt": f"{found.alt}\n".encode()}
    for path, content in {**figures, **beside}.items():
        runs.replace_whole(path, content)
    return list(figures)


def _chunk(keyword: str, text: str) -> bytes:
    """An international text chunk, compressed (PNG, third edition, 11.3.3.4)."""
    body = b"iTXt" + keyword.encode() + b"\0\1\0\0\0" + zlib.compress(text.encode(), 9)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def read(path: Path) -> FigureData:
    """What a figure carries. Raises `UserError` where it is no figure of ours, or what it carries is damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    text = _held(data)
    if text is None:
        raise UserError(f"{path.name} carries no data of a chart: only figures that `bench plot` wrote do")
    try:
        told = json.loads(text)
        if told["schema"] > SCHEMA:
            raise UserError(f"{path.name} is of schema {told['schema']}, and this version reads up to {SCHEMA}: update")
        names = ("chart", "slug", "theme", "title", "alt", "rows", "versions")
        found = FigureData(**{**{name: told[name] for name in names}, "rows": tuple(map(dict, told["rows"]))})
        digest = str(told["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path.name}: what it carries is damaged ({type(error).__name__}: {error})") from None
    if found.digest() != digest:
        raise UserError(f"{path.name}: the data that it carries were changed: their digest is another one")
    return found


def _held(data: bytes) -> str | None:
    """The JSON inside a file, by what the file is."""
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
    """What is wrong with a figure: nothing where its data give its picture, to the byte. Raises as `read` does."""
    found = read(path)
    here = versions()
    if dict(found.versions) != here:
        other = ", ".join(f"{name} {found.versions.get(name)} (here {here[name]})" for name in here)
        return [f"drawn by other versions, whose bytes cannot be had here: {other}"]
    again = encode(found, path.suffix.lower().removeprefix("."))
    return [] if again == path.read_bytes() else ["the picture is not the one that its data give"]
