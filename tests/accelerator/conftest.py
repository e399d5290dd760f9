"""The device of this machine, and the page of what it did: `accelerator-KIND.md` beside `accelerator-KIND.json`."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.measure import devices
from bench.measure.devices import device_for
from bench.measure.devices.device import Device
from bench.measure.machine import facts
from bench.measure.timing.clocks import wall
from tests.accelerator.page import markdown

KINDS = ("mps", "xpu", "cuda")
ENDED = pytest.StashKey[dict[str, dict[str, Any]]]()


@pytest.fixture(scope="session")
def kind() -> str:
    """The accelerator that this machine has; skips, with the reason of each kind, where it has none."""
    reasons = {name: devices.why_not(name) for name in KINDS}
    there = [name for name, reason in reasons.items() if not reason]
    if not there:
        pytest.skip("; ".join(reasons.values()))
    return there[0]


@pytest.fixture(scope="session")
def device(kind: str) -> Device:
    """That accelerator, as a worker uses it."""
    return device_for(kind, wall)


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a test writes down for the page besides its outcome."""
    return request.config.stash.setdefault(ENDED, {}).setdefault(request.node.name, {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep how each test ended, for the page."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        entry = item.config.stash.setdefault(ENDED, {}).setdefault(item.name, {})
        entry["outcome"] = report.outcome
        if report.outcome != "passed":
            entry["why"] = str(call.excinfo.value if call.excinfo is not None else report.longrepr)
    return report


@pytest.fixture(scope="session", autouse=True)
def page(request: pytest.FixtureRequest) -> Iterator[None]:
    """Write the page once all tests have ended, in the folder that pytest was called in."""
    yield
    there = [name for name in KINDS if not devices.why_not(name)]
    if there:
        found = {
            "kind": there[0],
            "facts": facts.facts(),
            "capabilities": facts.capabilities(),
            "tests": request.config.stash.get(ENDED, {}),
        }
        base = Path(request.config.invocation_params.dir, f"accelerator-{there[0]}")
        base.with_suffix(".json").write_text(json.dumps(found, indent=1, default=str) + "\n", encoding="utf-8")
        base.with_suffix(".md").write_text(markdown(found), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where the page lies."""
    for name in KINDS:
        path = Path(config.invocation_params.dir, f"accelerator-{name}.md")
        if config.stash.get(ENDED, {}) and path.exists():
            terminalreporter.write_line(f"a page to send: {path}, and {path.with_suffix('.json').name} beside it")
