"""Writes runs as pages and as a deck, for `report` and `lecture`."""

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
"""The names of the pages; each links to the other if both are written."""


def formats_of(text: str) -> list[str]:
    """`html,pptx` as a list. Raises `UserError` for a format that reports are not written in."""
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
    """Write the report of these runs in these formats; returns the paths, in the order of `FORMATS`.

    fill: runs after the first only add charts that the first does not have.
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
    # Written first, since a library may be missing: the report would then link to a missing page.
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
    runs.replace_whole(path, explore_page.page(drawn.rows, _facts(drawn), vs=drawn.against, beside=beside).encode())
    return path


def _facts(drawn: ToDraw) -> list[dict[str, Any]]:
    """The `run.json` of each run, with its name on the page."""
    return [{**data.run, "machine": name} for data, name in zip(drawn.batch, drawn.machines, strict=True)]


def _page(drawn: ToDraw, specs: Sequence[ChartSpec], folder: Path, beside: str | None) -> Path:
    from bench.plan import catalog
    from bench.present.pages.report_page import page
    from bench.store import runs

    path = folder / REPORT
    lessons = {item.name: item.lesson for item in catalog.find().values()}
    text = page(
        drawn.rows, specs, _facts(drawn), lessons=lessons, vs=drawn.against, beside=beside,
        profiles=_profiles(drawn, folder),
    )  # fmt: skip
    runs.replace_whole(path, text.encode())
    return path


def _profiles(drawn: ToDraw, folder: Path) -> dict[tuple[str, str], str]:
    """Copy the latest profile of each case, if its machine has one, beside the page: addresses by run and key."""
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
    """Write the deck in each of the requested formats of decks."""
    if not {"pptx", "pdf", "beamer"} & set(wanted):
        return []
    from bench.present.charts.embedded_data import encode, figure_data
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
