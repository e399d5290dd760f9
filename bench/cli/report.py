"""`bench report`: a run as one page, and as a deck."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import RunName, Versus, note, say
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.store.tables import RunData

FORMATS = ("html", "pptx", "pdf", "beamer")


def report(
    run: RunName = None,
    vs: Versus = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the page; reports/<run id> without it.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--to", help="html, pptx, pdf, beamer; several with commas. A deck has a chart a slide.")
    ] = "html",
) -> None:
    """Write one self-contained HTML page: tables, charts, environment and doubts; or a deck of the charts.

    Prints the paths.
    """
    wanted = _wanted(formats)
    from bench.cli.pictures import drawable, frame_to_draw
    from bench.plan import catalog
    from bench.present.report import page
    from bench.store import runs

    data, frame, against = frame_to_draw(run, vs)
    runs.refuse_pairs(data.run)
    for problem in data.problems:
        note(f"warning: {problem}")
    folder = out or Path("reports") / str(data.run["run"])
    runs.make_folder(folder)
    if "html" in wanted:
        path = folder / "index.html"
        lessons = {item.name: item.lesson for item in catalog.find().values()}
        run_facts = {**data.run, "wall_s": data.run.get("time", {}).get("wall_s")}
        text = page(frame, drawable(frame, []), data.run["environment"], run_facts, [], lessons=lessons, vs=against)
        runs.replace_whole(path, text.encode())
        say(str(path))
    _deck(frame, data, folder, [name for name in wanted if name != "html"])


def _deck(frame: pd.DataFrame, data: RunData, folder: Path, wanted: list[str]) -> None:
    """The deck in each of the formats."""
    if not wanted:
        return
    from bench.cli.pictures import drawable
    from bench.present import deck
    from bench.present.charts.evidence import encode, evidence
    from bench.store import runs

    slides = [evidence(spec, frame, "light") for spec in drawable(frame, [])]
    heading, created = f"Measured on {data.run['machine']}", str(data.run["created"])
    if "pptx" in wanted:
        below = f"run {data.run['run']}, torch {data.run['environment']['torch']['version']}"
        runs.replace_whole(folder / "deck.pptx", deck.pptx(slides, heading, below, created))
        say(str(folder / "deck.pptx"))
    if "pdf" in wanted:
        runs.replace_whole(folder / "deck.pdf", deck.pdf(slides, heading))
        say(str(folder / "deck.pdf"))
    if "beamer" in wanted:
        runs.make_folder(folder / "charts")
        for slide in slides:
            runs.replace_whole(folder / "charts" / f"{slide.slug}.pdf", encode(slide, "pdf"))
        runs.replace_whole(folder / "deck.tex", deck.beamer(slides, "charts").encode())
        say(str(folder / "deck.tex"))


def _wanted(formats: str) -> list[str]:
    """`html,pptx` as a list. Raises `UserError` for what is no format of a report."""
    wanted = [part.strip().lower() for part in formats.split(",") if part.strip()]
    for name in wanted:
        if name not in FORMATS:
            raise UserError(f"--to {name}: a report is written as {', '.join(FORMATS)}")
    return wanted
