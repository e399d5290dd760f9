"""`bench report`: a run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunName, Versus, note, say


def report(
    run: RunName = None,
    vs: Versus = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the page; reports/<run id> without it.")
    ] = None,
) -> None:
    """Write one self-contained HTML page: tables, charts, environment and doubts. Prints its path."""
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
    path = folder / "index.html"
    lessons = {item.name: item.lesson for item in catalog.find().values()}
    run_facts = {**data.run, "wall_s": data.run.get("time", {}).get("wall_s")}
    text = page(frame, drawable(frame, []), data.run["environment"], run_facts, [], lessons=lessons, vs=against)
    runs.replace_whole(path, text.encode())
    say(str(path))
