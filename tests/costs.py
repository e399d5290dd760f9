"""What tests cost: CPU seconds of this process and of all that it started, and whether that was a worker or a browser.

A plugin of pytest. Every session ends with its ten dearest tests and with the lines of `costs.txt` that mislead;
`make test-costs` writes that file, from which `tiers.py` takes what is `heavy` and what is `real`.

A fixture that several tests share is counted by itself. Each of its tests costs what it would cost alone: its set-up
and call, and the fixtures it needs; but not those of the whole session, which are there in any tier.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import forking

FILE = "tests/costs.txt"
"""Below the root of the session."""

HEADING = """\
# What `make test-costs` measured: CPU seconds of a test with the fixtures it needs, what it starts, its id.
# A test that is not here takes less than 2 CPU seconds and starts neither a worker nor a browser, or is new.
"""

HEAVY_S = 2.0
"""CPU seconds from which on a test is `heavy`."""

SURELY = 2.0
"""Measured again, a test takes up to so many times as long: within that a line stays as it is and does not mislead."""

DEAREST = 10


@dataclass
class Cost:
    """What a test, or a fixture that tests share, took and started."""

    cpu_s: float = 0.0
    starts: set[str] = field(default_factory=set)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu_s + other.cpu_s, self.starts | other.starts)

    def __sub__(self, other: Cost) -> Cost:
        """Without the time of `other`, which was measured inside of this one."""
        return Cost(self.cpu_s - other.cpu_s, self.starts)


def plain(cost: Cost) -> dict[str, Any]:
    """A cost as a report of pytest can carry it from one process to another; `from_plain` is the way back."""
    return {"cpu_s": round(cost.cpu_s, 3), "starts": sorted(cost.starts)}


def from_plain(told: dict[str, Any]) -> Cost:
    """The way back."""
    return Cost(told["cpu_s"], set(told["starts"]))


def read(root: Path) -> dict[str, Cost]:
    """The costs in the file below `root`, by the id of the test; empty where there is no file."""
    path, found = root / FILE, {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if not line.startswith("#"):
            seconds, starts, test = line.split(maxsplit=2)
            found[test] = Cost(float(seconds), set(starts.split("+")) - {"-"})
    return found


def text_of(costs: dict[str, Cost]) -> str:
    """The file that holds these costs: a line for each that is dear or starts something, in the order of their ids."""
    lines = [
        f"{math.floor(10 * cost.cpu_s) / 10:5.1f} {'+'.join(sorted(cost.starts)) or '-':7} {test}"
        for test, cost in sorted(costs.items())
        if cost.starts or cost.cpu_s >= HEAVY_S
    ]
    return HEADING + "".join(f"{line}\n" for line in lines)


def merged(
    old: dict[str, Cost], measured: dict[str, Cost], skipped: Iterable[str], whole: bool, root: Path
) -> dict[str, Cost]:
    """`old` with what was measured now.

    What was skipped keeps its line. Where files were collected as a `whole`, a line of a test that did not run names
    none. A line stays as it is where it starts the same and takes about as long.
    """
    files = {file_of(test) for test in (*measured, *skipped)}
    kept = {
        test: cost
        for test, cost in old.items()
        if test in skipped or ((root / file_of(test)).exists() and not (whole and file_of(test) in files))
    }
    for test, cost in measured.items():
        before = old.get(test)
        is_alike = before is not None and before.starts == cost.starts and alike(before.cpu_s, cost.cpu_s)
        kept[test] = before if before is not None and is_alike else cost
    return kept


def alike(one_s: float, other_s: float) -> bool:
    """Are two measurements of a test as near to each other as such are?"""
    return max(one_s, other_s) <= max(1.0, SURELY * min(one_s, other_s))


def file_of(test: str) -> str:
    """The file of a test, by its id."""
    return test.partition("::")[0]


# --- telling ----------------------------------------------------------------------------------------------------------


class Bookkeeper:
    """Collects what all processes of a session measured, tells it at the end, and writes it where that is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._own: dict[str, Cost] = {}
        self._alone: dict[str, Cost] = {}
        self._skipped: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down what a test cost."""
        told = dict(report.user_properties).get("cost")
        if report.when == "teardown" or not isinstance(told, dict):
            return
        self._own[report.nodeid] = from_plain(told["own"])
        self._own |= {name: from_plain(cost) for name, cost in told["set_up"]}
        if report.skipped:
            self._skipped.add(report.nodeid)
        else:
            self._alone[report.nodeid] = from_plain(told["alone"])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The ten dearest tests, and the lines that mislead."""
        if not self._own:
            return
        root = self._config.rootpath
        whole_s = sum(cost.cpu_s for cost in self._own.values())
        terminalreporter.section(f"{whole_s:.0f} CPU seconds in {len(self._alone) + len(self._skipped)} tests")
        dearest = sorted(self._own.items(), key=lambda item: -item[1].cpu_s)[:DEAREST]
        for name, cost in dearest:
            terminalreporter.write_line(f"{cost.cpu_s:6.1f}  {name}")
        if self._config.getoption("write_costs"):
            whole = not any("::" in word for word in self._config.args) and not _chosen(self._config)
            found = merged(read(root), self._alone, self._skipped, whole, root)
            (root / FILE).write_text(text_of(found), encoding="utf-8")
            terminalreporter.write_line(f"written: {FILE}")
        elif wrong := misleading(read(root), self._alone):
            terminalreporter.section(f"{FILE} misleads: make test-costs TESTS=…")
            for line in wrong:
                terminalreporter.write_line(line)


def _chosen(config: pytest.Config) -> bool:
    """Were tests of a file left out?"""
    return bool(config.getoption("markexpr") or config.getoption("keyword") or config.getoption("deselect"))


def misleading(lines: dict[str, Cost], measured: dict[str, Cost]) -> list[str]:
    """What of the lines does not fit what was measured, in words."""
    found = []
    for test, cost in measured.items():
        line = lines.get(test, Cost())
        if cost.cpu_s >= SURELY * HEAVY_S and line.cpu_s < HEAVY_S:
            found.append(f"{test} is not heavy there and took {cost.cpu_s:.1f} CPU s")
        if line.cpu_s >= HEAVY_S > SURELY * cost.cpu_s:
            found.append(f"{test} is heavy there and took {cost.cpu_s:.1f} CPU s")
        if missing := cost.starts - line.starts:
            found.append(f"{test} starts a {' and a '.join(sorted(missing))}, which is not said there")
    return sorted(found)


# --- the plugin -------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-costs`."""
    group = parser.getgroup("costs")
    group.addoption("--write-costs", action="store_true", help="Write tests/costs.txt from what the tests cost now.")


def pytest_configure(config: pytest.Config) -> None:
    """Measure in the processes that run tests, tell in the one that the user started."""
    from tests.meter import Meter

    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Bookkeeper(config))
    number, name = tempfile.mkstemp(prefix="starts-")
    os.close(number)
    config.add_cleanup(lambda: Path(name).unlink(missing_ok=True))
    os.environ[forking.STARTS] = name
    if config.getoption("write_costs"):
        path = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).with_name("starts")), path)))
    meter = Meter(Path(name))
    forking.around_start = meter.apart
    config.pluginmanager.register(meter)
