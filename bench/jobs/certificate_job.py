"""`bench certify` as a function: comparisons with a known result, measured in pairs, judged, written as a page."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import RunName, call_text, name_of, refuse_outside
from bench.jobs.certificate_result import Certificate
from bench.jobs.listener import SILENT, Listener
from bench.jobs.stopping import sealed_in, stop_or_own
from bench.records import UserError

if TYPE_CHECKING:
    from bench.analyse.certificate import CertificateLine
    from bench.runner.stop_request import Stop
    from bench.store.tables import RunData

WARM_S, WARM_CAP_S = 0.025, 0.3
"""Shorter than usual, since each turn of a pair is warmed up again: a second would be most of the time of a pair."""

FEW = ((2, 2, math.inf), (3, 3, math.inf), (4, 4, math.inf), (5, 5, math.inf), (2, 5, 0.05))
"""Fewest and most launches and half-width at which the simulated measurements of few launches stop: fixed numbers of
them, and a number that depends on what was seen."""

OF_FEW = ("lognormal", "two-humped, nearly half slow")
"""Families of these measurements: normal launches, and those whose median lies at the edge of a gap."""


def certify(
    quick: bool = False,
    *,
    pairs: int | None = None,
    from_run: RunName | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    listener: Listener = SILENT,
    stop: Stop | None = None,
    command: str | None = None,
) -> Certificate:
    """Measure work whose time is known, and real cases against themselves; return the result, written as a page.

    quick: two minutes instead of twenty.
    pairs: pairs of each comparison; at most 9 if quick, 30 otherwise.
    from_run: an earlier certificate, whose pairs are judged again; nothing is measured.
    out: folder of the page (default: `reports/<run id>`).
    seed: seed for the order and for the simulations.
    listener, stop, command: as in `bench.run`. Ctrl-C works as there.

    Raises `bench.records.UserError` for invalid arguments, `MachineUnfitError` if no worker can start, and `Stopped` if
    `stop` was requested while measuring; what was measured is then kept, and the listener gets its folder.
    """
    from bench.store import runs, tables

    said = command or call_text(certify, locals())
    refuse_outside(2, pairs=pairs)
    if from_run is not None:
        folder = runs.locate(name_of(from_run))
    else:
        with stop_or_own(stop) as own:
            folder = measured(quick, pairs, seed, said, listener, own)
    data = tables.read(folder)
    lines = tuple(judged(data, listener))
    report = Path("reports") / str(data.run["run"]) if out is None else Path(out)
    return Certificate(folder, data.run, lines, written(lines, data, report))


def measured(quick: bool, pairs: int | None, seed: int, command: str, listener: Listener, stop: Stop) -> Path:
    """Measure the pairs of a certificate, and return the folder of the run. Raises as `certify` does."""
    from bench.plan import catalog
    from bench.plan.certificate_cases import FULL, QUICK, SAME, VISITED, about, comparisons
    from bench.records import Settings
    from bench.runner import run_description
    from bench.runner.machine_probe import look
    from bench.runner.pairs import pair_loop
    from bench.runner.pairs.pair_context import PairSettings
    from bench.runner.stop_request import Stopped
    from bench.store import runs

    extent = QUICK if quick else FULL
    # A number of pairs that the user gave is not reduced.
    settings = Settings(
        visits=4, warm_s=WARM_S, warm_cap_s=WARM_CAP_S, budget_s=None if pairs else extent.budget_s, seed=seed
    )
    found = catalog.find()
    hello = look([each for item in comparisons(found, extent) for each in (item.coupled.base, item.coupled.head)], stop)
    wanted = comparisons(found, extent, gpu=not hello.capabilities["cuda"])
    coupled = [item.coupled for item in wanted]
    name = runs.new_id()
    folder = runs.RESULTS / name
    described = run_description.described(name, [], settings, hello, "certify", command, coupled)
    run_description.begin(folder, described, about(extent, wanted))
    end = "" if pairs else f", about {extent.budget_s / 60:.0f} min"
    listener.progress(f"{len(wanted)} comparisons, at most {pairs or extent.pairs} pairs each{end} …")
    asked = {item.coupled.case.key: pairs or item.pairs for item in wanted}
    queue = pair_loop.FixedPairs(coupled, asked.__getitem__)
    pair_settings = PairSettings(
        block_pairs_s=extent.couples_s,
        block_pairs_most_s=extent.couples_s,
        alone={item.coupled.case.key for item in wanted if item.purpose in VISITED},
        rivals={item.coupled.case.key for item in wanted if item.purpose == SAME},
        rival_pairs=extent.rival_couples,
        count=False,
        memory=False,
    )
    with sealed_in(folder, f"judge it with bench.certify(from_run={str(folder)!r})"):
        ended = pair_loop.measure(folder, queue, settings, hello, stop, listener.entered, pair_settings=pair_settings)
    if stop.signal is not None:
        listener.note(f"{ended.status}; what was measured is kept in {folder}")
        raise Stopped
    return folder


def judged(data: RunData, listener: Listener) -> list[CertificateLine]:
    """The lines of a certificate: what was measured, and the coverage of intervals, which is simulated here.

    Raises `UserError` for a run of another command.
    """
    import numpy as np

    from bench.analyse.certificate import lines
    from bench.records import Settings
    from bench.stats.coverage_simulation import FAMILIES, Coverage, simulate
    from bench.stats.stopping import NarrowTwice

    extent = data.run.get("certificate")
    if extent is None:
        raise UserError(f"{data.folder} is not a run of bench certify")
    settings, repetitions = Settings(**data.run["settings"]), int(extent["repetitions"])
    listener.progress(f"simulating {repetitions:,} measurements of each of {len(FAMILIES)} families …")
    places = itertools.count()

    def coverage(family: str, fewest: int, most: int, half_width: float, times: int) -> Coverage:
        """Every simulation has random numbers of its own."""
        dice = np.random.default_rng([settings.seed, next(places)])
        return simulate(family, lambda: NarrowTwice(fewest, most, half_width), times, dice)

    as_a_run = (settings.min_launches, settings.max_launches, settings.precision)
    return lines(
        data,
        [coverage(family, *as_a_run, repetitions) for family in FAMILIES],
        {family: [coverage(family, *rule, 2 * repetitions // len(FEW)) for rule in FEW] for family in OF_FEW},
    )


def written(lines: tuple[CertificateLine, ...], data: RunData, folder: Path) -> Path:
    """Write the page, and the same as JSON beside it; return the path of the page."""
    from bench.present.tables import certificate_report
    from bench.store import runs

    runs.make_folder(folder)
    page = folder / "certificate.html"
    runs.replace_whole(page, certificate_report.page(lines, data.run).encode())
    runs.replace_whole(folder / "certificate.json", certificate_report.as_json(lines, data.run).encode())
    return page
