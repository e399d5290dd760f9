"""The cases of a suite of tests that two trees have in common: matched by the name of the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.plan import foreign_keys
from bench.plan.both_sides import Sided
from bench.plan.function_identity import identity
from bench.protocol import Collected
from bench.records import UNIVERSAL_AXES, Case, ComparedCase, Planned, Source
from bench.suites import FoundTest, OtherTest, Suite

CPU, ONE_THREAD = "cpu", 1
"""Tests are timed on the host, with one thread for libraries that compute with several."""


@dataclass(frozen=True)
class CollectedSide:
    """What was collected of a side's tree."""

    root: Path
    suite: Suite
    found: Collected

    def on_copy(self, root: Path) -> CollectedSide:
        """The same in another copy of the tree."""
        moved = [
            replace(test, path=self.moved(test.path, root), defined=self.moved(test.defined, root))
            for test in self.found.tests
        ]
        suite = replace(self.suite, folder=self.moved(self.suite.folder, root))
        return CollectedSide(root, suite, replace(self.found, tests=moved))

    def moved(self, path: str, root: Path) -> str:
        """A path of this tree in another copy of it; the same path where it is of no tree."""
        whole = Path(path)
        return str(root / whole.relative_to(self.root)) if whole.is_relative_to(self.root) else path

    def planned(self, keys: Mapping[str, str]) -> dict[str, Planned]:
        """The cases by key. keys: by name of a test."""
        return {
            keys[test.name]: Planned(
                Case.from_key(keys[test.name]),
                Source(test.path, test.name, None, identity(Path(test.defined), test.qualified), self.suite),
            )
            for test in self.found.tests
        }


def side_by_side(base: CollectedSide, twin: CollectedSide, head: CollectedSide) -> Sided:
    """Match the tests of the head with those of the base."""
    tests = {test.name: test for side in (base, head) for test in side.found.tests}
    keys = keys_of(tests.values())
    in_base, in_twin, in_head = (side.planned(keys) for side in (base, twin, head))
    both = [key for key in in_head if key in in_base]
    changed = [key for key in both if in_base[key].source.sha256 != in_head[key].source.sha256]
    same = [key for key in both if key not in changed]
    return Sided(
        coupled=tuple(ComparedCase(in_base[key], in_head[key]) for key in same),
        twins=tuple(ComparedCase(in_base[key], in_twin[key]) for key in same),
        changed=tuple(changed),
        only_base=tuple(key for key in in_base if key not in in_head),
        only_head=tuple(key for key in in_head if key not in in_base),
        no_cases=tuple(reasons(base, head)),
        tests={keys[test.name]: place(test, head.root) for test in head.found.tests},
    )


def keys_of(tests: Iterable[FoundTest]) -> dict[str, str]:
    """A case key for each test, by its name; with a digest where two would share one."""
    made = {test.name: _key(test) for test in tests}
    counts = Counter(made.values())
    for name, key in made.items():
        if counts[key] > 1:
            case = Case.from_key(key)
            made[name] = Case.of(f"{case.workload}-{foreign_keys.digest(name)}", case.axes).key
    return made


def _key(test: FoundTest) -> str:
    params = {}
    for name, text in test.params.items():
        axis = foreign_keys.slug(name)
        params[f"{axis}_" if axis in UNIVERSAL_AXES else axis] = foreign_keys.value(text)
    case = Case.from_key(foreign_keys.key(test.family, test.function, params))
    return case.but(device=CPU, threads=ONE_THREAD).key


def place(test: FoundTest, root: Path) -> dict[str, str | int]:
    """Where a person finds a test: its name, its file as the repository has it, its line."""
    path = Path(test.defined)
    return {
        "name": test.name,
        "file": str(path.relative_to(root) if path.is_relative_to(root) else path),
        "line": test.line,
    }


def reasons(base: CollectedSide, head: CollectedSide) -> list[str]:
    """Why tests are no cases, one line each: those of the head, and those that only the base has."""
    lines = [f"{name}: {reason}" for name, reason in _others(head.found).items()]
    known = {*_others(head.found), *(test.name for test in head.found.tests)}
    lines += [f"{name}, on the base: {reason}" for name, reason in _others(base.found).items() if name not in known]
    if head.found.unused:
        count = f"{head.found.unused} tests do" if head.found.unused > 1 else "1 test does"
        lines.append(f"{count} not use the benchmark fixture")
    return lines


def _others(found: Collected) -> dict[str, str]:
    """By name: why a test, or a whole file, gives no case."""
    faults = [OtherTest(name, f"it cannot be collected: {_last(text)}") for name, text in found.faults.items()]
    return {each.name: each.reason for each in (*found.others, *faults)}


def _last(text: str) -> str:
    """The last line of a traceback, which says what was raised."""
    return text.strip().splitlines()[-1].strip().removeprefix("E  ").strip() if text.strip() else "no reason given"
