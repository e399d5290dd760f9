"""A worker that serves the tests of a folder, as the parent of a pair asks for them."""

from __future__ import annotations

from pathlib import Path

from bench.plan.suite_cases import keys_of
from bench.protocol import (
    BlockTimed,
    Close,
    Closed,
    Collect,
    Collected,
    Import,
    Open,
    Opened,
    Refused,
    Reply,
    TimeBlock,
)
from bench.records import Settings, Source
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode, Worker
from bench.suites import FoundTest, Suite

SETTINGS = Settings(warm_s=0.001, warm_cap_s=0.01, timeout_s=60)
"""Hardly any warm-up: what is timed here is compared with nothing."""


class Hosted:
    """Asks fresh workers about the tests of a folder."""

    def __init__(self, folder: Path, runner: str = "pytest") -> None:
        self.folder, self.runner = folder, runner
        self._workers: list[Worker] = []
        self._worker: Worker | None = None

    def write(self, name: str, text: str) -> None:
        """Write a file of the repository."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def collect(self, *words: str) -> Collected:
        """What a worker collects."""
        reply = self._new().ask(Collect(self._suite(words)), 60)
        assert isinstance(reply, Collected)
        return reply

    def begin(self, *tests: FoundTest, words: tuple[str, ...] = ()) -> None:
        """Let a worker get ready for these tests, or for all that are collected."""
        self.tests = {test.name: test for test in tests or self.collect(*words).tests}
        self._keys = keys_of(self.tests.values())
        self._sources = {
            name: Source(test.path, name, None, "", self._suite(words)) for name, test in self.tests.items()
        }
        self._worker = self._new()
        self._worker.ask(Import(list(self._sources.values())), 60)

    def open(self, name: str) -> Reply:
        """The answer to `Open` of a test, by the end of its name."""
        (whole,) = [each for each in self.tests if each.endswith(name)]
        return self._ask(Open(self._keys[whole], self._sources[whole], SETTINGS, count=False))

    def block(self, opened: Opened) -> Reply:
        """The answer to `TimeBlock`."""
        return self._ask(TimeBlock(opened.key, "wall"))

    def close(self, opened: Opened) -> Reply:
        """The answer to `Close`."""
        return self._ask(Close(opened.key))

    def through(self, name: str, blocks: int = 1) -> tuple[Opened, Closed]:
        """A test that is opened, timed and closed without a fault."""
        opened = self.open(name)
        assert isinstance(opened, Opened), opened
        for _ in range(blocks):
            timed = self.block(opened)
            assert isinstance(timed, BlockTimed), timed
        closed = self.close(opened)
        assert isinstance(closed, Closed), closed
        return opened, closed

    def refused(self, name: str) -> Refused:
        """The first answer about a test that is not timed to its end."""
        reply = self.open(name)
        if isinstance(reply, Opened):
            reply = self.close(reply)
        assert isinstance(reply, Refused), reply
        return reply

    def end(self, grace_s: float = 0.0) -> None:
        """End all workers."""
        while self._workers:
            self._workers.pop().end(grace_s)

    def _ask(self, request: Open | TimeBlock | Close) -> Reply:
        assert self._worker is not None
        return self._worker.ask(request, 60)

    def _new(self) -> Worker:
        self._workers.append(Worker(1, Stop(), side=SideCode(root=self.folder)))
        return self._workers[-1]

    def _suite(self, words: tuple[str, ...]) -> Suite:
        return Suite(self.runner, str(self.folder), " ".join(words))
