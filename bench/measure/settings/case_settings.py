"""Keeps the settings of each open case apart: it runs under its own, and its neighbours do not see them.

One process serves many cases, whose visits take turns. What a case sets is put in place before each request about it,
and taken away after it; so it is measured as it would be in a script of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.measure.settings.process_settings import Snapshot, changes, put, snapshot


class CaseSettings:
    """The settings that a case found, and those it has now."""

    def __init__(self, found: Snapshot) -> None:
        self._found = self._own = found
        self._declared: Mapping[str, Any] = {}
        self._changed: dict[str, tuple[str, str]] = {}

    def expect(self, declared: Mapping[str, Any]) -> None:
        """Take what the case declares for its own: no change. It may grow after this call."""
        self._declared = declared

    def look(self) -> None:
        """Note what differs now from what the case found, and from what it declared."""
        self._own = snapshot()
        expected = {**self._found, **self._declared}
        if self._own != expected:
            self._changed |= changes(expected, self._own)

    def facts(self) -> dict[str, Any]:
        """Columns of `CaseLaunch`: what the case changed, if anything."""
        return {"changed_settings": {name: list(told) for name, told in self._changed.items()}} if self._changed else {}

    def enter(self) -> None:
        """Put the settings of the case in place, where those it found are."""
        if self._own != self._found:
            put(self._own)

    def leave(self) -> None:
        """Put back what the case found. Raises `StuckSettingError` where that cannot be done."""
        self.look()
        if self._own != self._found:
            put(self._found)


class SettingsByCase:
    """The settings of the open cases of a process."""

    def __init__(self) -> None:
        self._cases: dict[str, CaseSettings] = {}
        self._found: Snapshot = {}

    @contextmanager
    def of(self, key: str) -> Iterator[CaseSettings]:
        """The settings of a case, in place inside. A case that is opened while no other is finds what holds then.

        Raises `StuckSettingError` where a case set what cannot be put back. Its process must then end with it, or every
        case after it would be measured so.
        """
        if not self._cases:
            self._found = snapshot()
        own = self._cases.setdefault(key, CaseSettings(self._found))
        own.enter()
        try:
            yield own
        finally:
            own.leave()

    def forget(self, key: str) -> None:
        """Forget a case that is closed."""
        self._cases.pop(key, None)


class CallSettings:
    """What the test of another tool sets in its own body, between its set-up and its teardown."""

    def __init__(self) -> None:
        self._before = self._after = snapshot()

    def look(self) -> None:
        """Note what is set at the end of the body."""
        self._after = snapshot()

    def put_back(self) -> dict[str, list[str]]:
        """Put back what the body changed and the teardown left so; by setting: its value before, and since.

        A fixture such as `monkeypatch` takes back itself what was set through it.
        """
        now = snapshot()
        left = {
            name: value for name, value in self._before.items() if value != self._after[name] and now[name] != value
        }
        if not left:
            return {}
        put({**now, **left})
        return {name: list(told) for name, told in changes({**now, **left}, now).items()}


class FileSettings:
    """What files set while they are imported: theirs alone, put in place for each of their cases."""

    def __init__(self) -> None:
        self._set: dict[str, Mapping[str, Any]] = {}

    @contextmanager
    def importing(self, path: str) -> Iterator[None]:
        """Note what is set inside by the file or module `path`, and put back what held before."""
        before = snapshot()
        try:
            yield
        finally:
            now = snapshot()
            if now != before:
                self._set[path] = {name: value for name, value in now.items() if value != before[name]}
                put(before)

    @contextmanager
    def under(self, path: str) -> Iterator[dict[str, list[str]]]:
        """Set inside what the file set; by setting: its value before, and under the file.

        It is taken away after it, but where something else was set meanwhile and is meant to stay.
        """
        before = snapshot()
        self.put(path)
        yield {name: list(told) for name, told in changes(before, snapshot()).items()}
        now = snapshot()
        left = {name: before[name] for name, value in self._set.get(path, {}).items() if now[name] == value}
        if left:
            put({**now, **left})

    def put(self, path: str) -> None:
        """Set what the file set, if anything."""
        if path in self._set:
            put({**snapshot(), **self._set[path]})
