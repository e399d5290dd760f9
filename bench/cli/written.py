"""A run written as a page and as a deck, as `report` and `lecture` do it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli.options import note
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.store.tables import RunData

FORMATS = ("html", "pptx", "pdf", "beamer")


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
    pages = [_page(frame, data, against, folder)] if "html" in wanted else []
    return [*pages, *_deck(frame, data, folder, [name for name in wanted if name != "html"])]


def _page(frame: pd.DataFrame, data: RunData, against: str | None, folder: Path) -> Path:
    from bench.cli.pictures import drawable
    from bench.plan import catalog
    from bench.present.report import page
    from bench.store import runs

    path = folder / "index.html"
    lessons = {item.name: item.lesson for item in catalog.find().values()}
    run_facts = {**data.run, "wall_s": data.run.get("time", {}).get("wall_s")}
    text = page(frame, drawable(frame, []), data.run["environment"], run_facts, [], lessons=lessons, vs=against)
    runs.replace_whole(path, text.encode())
    return path


def _deck(frame: pd.DataFrame, data: RunData, folder: Path, wanted: list[str]) -> list[Path]:
    """The deck in each of the formats."""
    if not wanted:
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
