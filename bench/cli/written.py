"""A run written as pages and as a deck, as `report` and `lecture` do it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cli.options import note
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.store.tables import RunData

FORMATS = ("html", "pptx", "pdf", "beamer", "explore")

REPORT, EXPLORE = "index.html", "explore.html"
"""The names of the pages; each leads to the other where both are written."""


def formats_of(text: str) -> list[str]:
    """`html,pptx` as a list. Raises `UserError` for what is no format of a report."""
    wanted = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in wanted:
        if name not in FORMATS:
            raise UserError(f"--to {name}: a report is written as {', '.join(FORMATS)}")
    return wanted


def written(run: str | None, vs: str | None, out: Path | None, wanted: list[str]) -> list[Path]:
    """Write the report of a run in these formats; the paths, in the order of `FORMATS`.

    Raises `UserError` for a run of pairs, which has no estimates.
    """
    from bench.cli.pictures import frame_to_draw
    from bench.store import runs

    data, frame, against = frame_to_draw(run, vs)
    runs.refuse_pairs(data.run)
    for problem in data.problems:
        note(f"warning: {problem}")
    folder = out or Path("reports") / str(data.run["run"])
    runs.make_folder(folder)
    both = {"html", "explore"} <= set(wanted)
    # First, since it may lack a library: a report would then lead to a page that is not there.
    points = [_explore(frame, data, against, folder, REPORT if both else None)] if "explore" in wanted else []
    pages = [_page(frame, data, against, folder, EXPLORE if both else None)] if "html" in wanted else []
    return [*pages, *_deck(frame, data, folder, wanted), *points]


def _explore(frame: pd.DataFrame, data: RunData, against: str | None, folder: Path, beside: str | None) -> Path:
    from bench.present import explore
    from bench.store import runs

    path = folder / EXPLORE
    runs.replace_whole(path, explore.page(frame, _facts(data), vs=against, beside=beside).encode())
    return path


def _facts(data: RunData) -> dict[str, Any]:
    """What a page tells of the run as a whole."""
    return {**data.run, "wall_s": data.run.get("time", {}).get("wall_s")}


def _page(frame: pd.DataFrame, data: RunData, against: str | None, folder: Path, beside: str | None) -> Path:
    from bench.cli.pictures import drawable
    from bench.plan import catalog
    from bench.present.report import page
    from bench.store import runs

    path = folder / REPORT
    lessons = {item.name: item.lesson for item in catalog.find().values()}
    charts, environment = drawable(frame, []), data.run["environment"]
    text = page(frame, charts, environment, _facts(data), [], lessons=lessons, vs=against, beside=beside)
    runs.replace_whole(path, text.encode())
    return path


def _deck(frame: pd.DataFrame, data: RunData, folder: Path, wanted: list[str]) -> list[Path]:
    """The deck in each of the formats that are one."""
    if not {"pptx", "pdf", "beamer"} & set(wanted):
        return []
    from bench.cli.pictures import drawable
    from bench.present import deck
    from bench.present.charts.evidence import encode, evidence
    from bench.store import runs

    slides = [evidence(spec, frame, "light") for spec in drawable(frame, [])]
    heading, created = f"Measured on {data.run['machine']}", str(data.run["created"])
    made: dict[Path, bytes] = {}
    if "pptx" in wanted:
        below = f"run {data.run['run']}, torch {data.run['environment']['torch']['version']}"
        made[folder / "deck.pptx"] = deck.pptx(slides, heading, below, created)
    if "pdf" in wanted:
        made[folder / "deck.pdf"] = deck.pdf(slides, heading)
    if "beamer" in wanted:
        runs.make_folder(folder / "charts")
        for slide in slides:
            runs.replace_whole(folder / "charts" / f"{slide.slug}.pdf", encode(slide, "pdf"))
        made[folder / "deck.tex"] = deck.beamer(slides, "charts").encode()
    for path, content in made.items():
        runs.replace_whole(path, content)
    return list(made)
