"""`bench plot`: the charts of a run as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunName, Versus, note


class Theme(StrEnum):
    """Colours of a chart."""

    LIGHT = "light"
    DARK = "dark"


def plot(
    run: RunName = None,
    charts: Annotated[
        list[str] | None, typer.Option("--chart", "-c", help="Only these charts (see --list); repeatable.")
    ] = None,
    vs: Versus = "mode=eager",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; reports/<run id> without it.")
    ] = None,
    formats: Annotated[str, typer.Option("--to", help="File formats: svg, png, pdf; several with commas.")] = "svg,png",
    theme: Annotated[Theme, typer.Option(help="Colours.")] = Theme.LIGHT,
    list_: Annotated[bool, typer.Option("--list", help="Print which charts this run has data for.")] = False,
) -> None:
    """Draw the charts a run has data for, and print the paths of the files."""
    from bench.cli.loading import frame_of
    from bench.cli.pictures import drawable, speedups_if_any
    from bench.present.charts import draw
    from bench.present.charts.files import save, suffixes

    data, frame = frame_of(run, None)
    frame = speedups_if_any(frame, data, vs)
    wanted = suffixes(formats)
    specs = drawable(frame, charts or [])
    if list_:
        typer.echo("\n".join(f"{spec.slug}  {spec.title}" for spec in specs))
        return
    folder = out or Path("reports") / str(data.run["run"])
    folder.mkdir(parents=True, exist_ok=True)
    for spec in specs:
        figure = draw(spec.slug, frame, theme.value)
        for suffix in wanted:
            path = folder / f"{spec.slug}{suffix}"
            save(figure, path)
            typer.echo(str(path))
    if not specs:
        note(
            "this run has too few cases for any chart: sweep a size, a batch or modes, e.g. bench run --preset lecture"
        )
