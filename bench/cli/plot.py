"""`bench plot`: the charts of a run as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunName, Versus, note, say
from bench.records import UserError


class Theme(StrEnum):
    """Colours of a chart."""

    LIGHT = "light"
    DARK = "dark"


def plot(
    run: RunName = None,
    charts: Annotated[
        list[str] | None, typer.Option("--chart", "-c", help="Only these charts (see --list); repeatable.")
    ] = None,
    vs: Versus = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; reports/<run id> without it.")
    ] = None,
    formats: Annotated[str, typer.Option("--to", help="File formats: svg, png, pdf; several with commas.")] = "svg,png",
    theme: Annotated[Theme, typer.Option(help="Colours.")] = Theme.LIGHT,
    list_: Annotated[bool, typer.Option("--list", help="Print which charts this run has data for.")] = False,
) -> None:
    """Draw the charts a run has data for, and print the paths of the files."""
    from bench.cli.loading import frame_of
    from bench.cli.pictures import drawable, with_any_speedups
    from bench.present.charts import draw
    from bench.present.style import save
    from bench.store import runs

    data, frame = frame_of(run, None)
    frame, _ = with_any_speedups(frame, data, vs)
    wanted = suffixes(formats)
    specs = drawable(frame, charts or [])
    if list_:
        say("\n".join(f"{spec.slug}  {spec.title}" for spec in specs))
        return
    folder = out or Path("reports") / str(data.run["run"])
    runs.make_folder(folder)
    for spec in specs:
        figure = draw(spec.slug, frame, theme.value)
        for suffix in wanted:
            say(str(save(figure, folder / f"{spec.slug}.{suffix}")))
    if not specs:
        note(
            "this run has too few cases for any chart: sweep a size, a batch or modes, e.g. bench run --preset lecture"
        )


def suffixes(formats: str) -> list[str]:
    """`svg,png` as a list. Raises `UserError` for what is no format of a chart."""
    wanted = [part.strip().lower() for part in formats.split(",") if part.strip()]
    for name in wanted:
        if name not in ("svg", "png", "pdf"):
            raise UserError(f"--to {name}: a chart is written as svg, png or pdf")
    return wanted
