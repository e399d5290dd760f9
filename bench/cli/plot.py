"""`bench plot`: the charts of a run as files, and charts drawn again from the data in such a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Clock, RunNames, StatisticName, Statistics, Versus, note, say
from bench.records import UserError


class Theme(StrEnum):
    """Colours of a chart."""

    LIGHT = "light"
    DARK = "dark"


def plot(
    run: RunNames = None,
    charts: Annotated[
        list[str] | None, typer.Option("--chart", "-c", help="Only these charts (see --list); repeatable.")
    ] = None,
    vs: Versus = None,
    statistic: Statistics = StatisticName.MEDIAN,
    clock: Clock = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files (default: reports/<run id>).")
    ] = None,
    formats: Annotated[str, typer.Option("--to", help="File formats: svg, png, pdf; several with commas.")] = "svg,png",
    theme: Annotated[Theme, typer.Option(help="Colours of the charts.")] = Theme.LIGHT,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="One PNG for each kind of chart, and a README.md showing them.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Charts that this run has data for; draws nothing.")] = False,
    from_: Annotated[
        Path | None, typer.Option("--from", help="A figure redrawn from the data in its file; reads no run.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="An error if picture and data of --from differ; draws nothing.")
    ] = False,
    overlay: Annotated[
        str | None,
        typer.Option("--overlay", help="This run drawn over the figure of --from, to compare machines."),
    ] = None,
) -> None:
    """Draw the charts a run has data for, and print the paths of the files.

    With several runs, the charts of time, throughput and launches show a line for each machine in one picture. Every
    other chart is drawn once for each run, with the name of its machine.

    Each figure file holds its rows, its alt text, the ids of its runs and a digest. The alt text (.txt) and the data
    that is drawn (.csv) are also written beside it.
    """
    if from_ is not None:
        _again(from_, verify, overlay, out, None if formats == "svg,png" else suffixes(formats))
        return
    if verify or overlay:
        raise UserError("--verify and --overlay go with --from FIGURE")
    from bench.jobs.pictures import drawable, one_of_each, to_draw
    from bench.present.charts.embedded_data import figure_data, write
    from bench.present.pages import gallery_page as pages
    from bench.store import runs

    drawn = to_draw(run, vs, statistic.value, clock)
    wanted = suffixes(formats)
    specs = drawable(drawn.rows, charts or [])
    if gallery:
        wanted, specs = ["png"], one_of_each(specs, drawn.rows)
    if list_:
        say("\n".join(f"{spec.slug}  {spec.title}" for spec in specs))
        return
    folder = out or Path("reports") / drawn.name
    runs.make_folder(folder)
    shown = []
    for spec in specs:
        carried = figure_data(spec, drawn.rows, theme.value)
        shown.append(carried)
        for path in write(carried, folder, spec.slug, wanted):
            say(str(path))
    if gallery:
        runs.replace_whole(folder / "README.md", pages.page(shown, drawn.machines).encode())
        say(str(folder / "README.md"))
    if not specs:
        note(
            "this run has too few cases for any chart: sweep a size, a batch or modes, e.g. bench run --preset lecture"
        )


def _again(figure: Path, verify: bool, overlay: str | None, out: Path | None, formats: list[str] | None) -> None:
    """Redraw, verify or overlay the figure of `--from`."""
    from bench.present.charts import embedded_data as figures
    from bench.store import runs

    if verify:
        if found := figures.problems(figure):
            raise UserError(f"{figure.name}: {'; '.join(found)}")
        say(f"{figure.name}: its picture is what its data give")
        return
    carried = figures.read(figure)
    name = figure.stem
    if overlay is not None:
        from bench.jobs.pictures import to_draw

        carried, name = figures.overlaid(carried, to_draw([overlay], None).rows), f"{figure.stem}-overlay"
    folder = out or Path("reports")
    runs.make_folder(folder)
    for suffix in formats or [figure.suffix.lower().removeprefix(".")]:
        path = folder / f"{name}.{suffix}"
        runs.replace_whole(path, figures.encode(carried, suffix))
        say(str(path))


def suffixes(formats: str) -> list[str]:
    """`svg,png` as a list. Raises `UserError` for a format that charts are not written in."""
    wanted = [part.strip().lower() for part in formats.split(",") if part.strip()]
    for name in wanted:
        if name not in ("svg", "png", "pdf"):
            raise UserError(f"--to {name}: a chart is written as svg, png or pdf")
    return wanted
