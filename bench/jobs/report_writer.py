"""A run written as pages and as a deck, as `report` and `lecture` do it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.jobs.listener import SILENT, Listener
from bench.records import UserError

if TYPE_CHECKING:
    from bench.jobs.pictures import ToDraw
    from bench.present.charts import ChartSpec

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


def write_report(
    names: Sequence[str] | None,
    vs: str | None,
    out: Path | None,
    wanted: list[str],
    fill: bool = False,
    listener: Listener = SILENT,
) -> list[Path]:
    """Write the report of these runs in these formats; the paths, in the order of `FORMATS`.

    fill: runs after the first give only what the first has no chart of.
    Raises `UserError` for a run of pairs, which has no estimates.
    """
    from bench.jobs.pictures import drawable, filled, to_draw
    from bench.store import runs

    drawn = to_draw(names, vs)
    for data in drawn.batch:
        runs.refuse_pairs(data.run)
    for problem in drawn.problems:
        listener.note(f"warning: {problem}")
    folder = out or Path("reports") / drawn.name
    runs.make_folder(folder)
    both = {"html", "explore"} <= set(wanted)
    # First, since it may lack a library: a report would then lead to a page that is not there.
    points = [_explore(drawn, folder, REPORT if both else None)] if "explore" in wanted else []
    specs = drawable(drawn.rows, [])
    if fill:
        specs = filled(specs, drawn.machines[0])
    pages = [_page(drawn, specs, folder, EXPLORE if both else None)] if "html" in wanted else []
    return [*pages, *_deck(drawn, specs, folder, wanted), *points]


def _explore(drawn: ToDraw, folder: Path, beside: str | None) -> Path:
    from bench.present.pages import explore_page
    from bench.store import runs

    path = folder / EXPLORE
    runs.replace_whole(path, explore_page.page(drawn.rows, _told(drawn), vs=drawn.against, beside=beside).encode())
    return path


def _told(drawn: ToDraw) -> list[dict[str, Any]]:
    """What a page tells of each run as a whole."""
    return [{**data.run, "machine": name} for data, name in zip(drawn.batch, drawn.machines, strict=True)]


def _page(drawn: ToDraw, specs: Sequence[ChartSpec], folder: Path, beside: str | None) -> Path:
    from bench.plan import catalog
    from bench.present.pages.report_page import page
    from bench.store import runs

    path = folder / REPORT
    lessons = {item.name: item.lesson for item in catalog.find().values()}
    text = page(
        drawn.rows, specs, _told(drawn), lessons=lessons, vs=drawn.against, beside=beside,
        profiles=_profiles(drawn, folder),
    )  # fmt: skip
    runs.replace_whole(path, text.encode())
    return path


def _profiles(drawn: ToDraw, folder: Path) -> dict[tuple[str, str], str]:
    """Copy the latest profile of each case, where its machine took one, beside the page: addresses by run and key."""
    from bench.store import profiles, runs

    pages, found = profiles.by_case(runs.RESULTS), {}
    for data in drawn.batch:
        for key in {item["key"] for item in data.run.get("plan", [])}:
            page = pages.get((str(data.run["fingerprint"]), key))
            if page is not None:
                address = f"profiles/{page.parent.name}.html"
                runs.make_folder(folder / "profiles")
                runs.replace_whole(folder / address, page.read_bytes())
                found[str(data.run["run"]), key] = address
    return found


def _deck(drawn: ToDraw, specs: Sequence[ChartSpec], folder: Path, wanted: list[str]) -> list[Path]:
    """The deck in each of the formats that are one."""
    if not {"pptx", "pdf", "beamer"} & set(wanted):
        return []
    from bench.present.charts.figure_data import encode, figure_data
    from bench.present.pages import deck
    from bench.store import runs

    slides = [figure_data(spec, drawn.rows, "light") for spec in specs]
    heading = f"Measured on {' and on '.join(drawn.machines)}"
    made: dict[Path, bytes] = {}
    if "pptx" in wanted:
        ids = [f"run {item.run['run']}, torch {item.run['environment']['torch']['version']}" for item in drawn.batch]
        created = str(drawn.batch[0].run["created"])
        made[folder / "deck.pptx"] = deck.pptx(slides, heading, "; ".join(ids), created)
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
