"""Measures what tests take and start, in the process that runs them: a part of the plugin `costs.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.costs import Cost, plain


def cpu_s() -> float:
    """CPU seconds of this process, of the children that it waited for, and of those that live, with their own."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + sum(map(_of, _below(os.getpid())))


def _below(pid: int) -> Iterator[int]:
    """All processes that `pid` started, and that they started; none where the system does not tell."""
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:  # the thread has ended
            continue
        for child in map(int, children):
            yield child
            yield from _below(child)


def _of(pid: int) -> float:
    """CPU seconds of a process and of the children it waited for; 0 where it is gone (proc(5), fields 14 to 17)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Measures the tests of one process."""

    def __init__(self, starts: Path) -> None:
        self._starts = starts
        self._began = self._inner = Cost()
        self._fixtures: dict[tuple[int, int], Cost] = {}
        self._set_up: list[tuple[str, Cost]] = []

    def _now(self) -> Cost:
        return Cost(cpu_s())

    def _read_starts(self) -> set[str]:
        """What was started since it was read last."""
        found = set(self._starts.read_text(encoding="utf-8").split())
        self._starts.write_text("")
        return found

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is started here stays for other tests, and is not counted for this one."""
        before = self._now()
        yield
        whole = self._now() - before
        self._inner += whole
        self._set_up.append(("a server that forks (forking.py)", whole))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Any:
        """Measure a fixture that tests share; its time is not that of the test for which it is made."""
        if fixturedef.scope == "function":
            return (yield)
        before, inner, self._inner = self._now(), self._inner, Cost()
        starts = self._read_starts()
        try:
            return (yield)
        finally:
            whole = self._now() - before
            own = Cost((whole - self._inner).cpu_s, self._read_starts())
            self._inner = inner + whole
            self._began.starts |= starts
            if fixturedef.scope != "session":
                self._fixtures[id(fixturedef), id(getattr(request, "param", None))] = own
            which = f"[{request.param}]" if hasattr(request, "param") else ""
            self._set_up.append((f"{fixturedef.baseid or 'tests'}: fixture {fixturedef.argname}{which}", own))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin with a test."""
        self._read_starts()
        self._inner, self._began, self._set_up = Cost(), self._now(), []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """End with it, and put what it cost into the report of its call, or of a set-up that failed or skipped."""
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            own = self._now() - self._began - self._inner
            own.starts |= self._began.starts | self._read_starts()
            alone = sum((self._fixtures.get(key, Cost()) for key in self._shared(item)), start=own)
            told = {
                "own": plain(own),
                "alone": plain(alone),
                "set_up": [[name, plain(c)] for name, c in self._set_up],
            }
            item.user_properties.append(("cost", told))
        return (yield)

    def _shared(self, item: pytest.Item) -> Iterator[tuple[int, int]]:
        """The fixtures that a test needs, as they are kept here."""
        params = getattr(getattr(item, "callspec", None), "params", {})
        found = getattr(item, "_fixtureinfo", None)
        for name, definitions in found.name2fixturedefs.items() if found is not None else ():
            yield id(definitions[-1]), id(params.get(name))
