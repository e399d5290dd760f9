"""The tests that pytest collected: which can become cases, and why the others cannot."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bench.measure.suites.benchmark_fixture import is_async
from bench.suites import FoundTest, OtherTest

if TYPE_CHECKING:
    import pytest

FIXTURE, WEAVE = "benchmark", "benchmark_weave"

IS_ASYNC = "it is async: the fixture times calls, and a call of what it would await only makes a coroutine"
WEAVES = "it uses benchmark_weave: what is timed then is somewhere inside the test, and cannot be repeated"


def sorted_out(items: Iterable[pytest.Item]) -> tuple[list[FoundTest], list[OtherTest], int]:
    """The tests that can become cases, those that cannot, and the number of those that use no fixture of the kind."""
    tests, others, unused = [], [], 0
    for item in items:
        names = getattr(item, "fixturenames", ())
        if FIXTURE not in names and WEAVE not in names:
            unused += 1
        elif reason := _why_not(item, names):
            others.append(OtherTest(item.nodeid, reason))
        else:
            tests.append(_found(item))
    return tests, others, unused


def _why_not(item: Any, names: Iterable[str]) -> str:
    """Why the test cannot become a case; empty where it can."""
    if WEAVE in names:
        return WEAVES
    if is_async(item.function):
        return IS_ASYNC
    if mark := item.get_closest_marker("skip"):
        return f"it is skipped: {mark.kwargs.get('reason') or next(iter(mark.args), 'no reason given')}"
    fixtures = item._fixtureinfo.name2fixturedefs.get(FIXTURE)
    if not fixtures:
        return f"no plugin here has a fixture `{FIXTURE}`"
    fixture = fixtures[-1]  # the nearest
    module = fixture.func.__module__
    if not module.startswith("pytest_benchmark") and FIXTURE not in fixture.argnames:
        return f"its fixture `{FIXTURE}` is that of {module}, not of pytest-benchmark"
    return ""


def _found(item: Any) -> FoundTest:
    function = inspect.unwrap(item.function)
    code = getattr(function, "__code__", None)
    callspec = getattr(item, "callspec", None)
    return FoundTest(
        name=item.nodeid,
        family=item.parent.nodeid.replace(".py", "") or "pytest",
        function=item.originalname or item.name,
        params={} if callspec is None else {"param": callspec.id},
        path=str(item.path),
        defined=str(item.path) if code is None else code.co_filename,
        line=1 if code is None else code.co_firstlineno,
        qualified=getattr(function, "__qualname__", item.name),
    )
