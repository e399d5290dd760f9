"""The benchmarks of an asv suite: functions and methods `time_*`, with params, setup, setup_cache and teardown.

Follows asv's rules for names and attributes (asv_runner 0.2). What asv decides by number, repeat and warm-up, the
harness decides itself, but for `number = 1`: then each call has a setup and a teardown of its own.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import pickle
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.measure.author.context import Skip
from bench.measure.settings.case_settings import FileSettings
from bench.suites import ASV, FoundTest, OtherTest
from bench.workload import Prepared, Work

Step = Callable[..., Any]

TIMED = re.compile(r"(Time[A-Z_].+)|(time_.+)")
UNTIMED = re.compile(r"(timeraw|mem|peakmem|track)_.+", re.IGNORECASE)

CONFIGURATION, USUAL_FOLDER = "asv.conf.json", "benchmarks"
_FOLDER = re.compile(r'"benchmark_dir"\s*:\s*"([^"]+)"')
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


@dataclass(frozen=True)
class Benchmark:
    """A benchmark with one value of each of its parameters."""

    name: str
    module: ModuleType
    owner: type | None
    """The class of a method."""
    function: str
    names: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as asv writes them, without addresses, which differ from process to process."""
        return tuple(_ADDRESS.sub("", repr(value)) for value in self.values)

    @property
    def full_name(self) -> str:
        """The name with the values: `sorting.TimeSort.time_sorted(10)`."""
        return f"{self.name}({', '.join(self.texts)})" if self.values else self.name

    def found(self) -> FoundTest:
        """How it is called, and where it stands."""
        function = inspect.unwrap(getattr(self.owner or self.module, self.function))
        family, _, name = self.name.rpartition(".")
        code = function.__code__
        return FoundTest(
            name=self.full_name,
            family=family or ASV,
            function=name,
            params=dict(zip(self.names, self.texts, strict=True)),
            path=str(self.module.__file__),
            defined=code.co_filename,
            line=code.co_firstlineno,
            qualified=function.__qualname__,
        )


@dataclass
class Suite:
    """What the modules of a folder hold."""

    benchmarks: dict[str, Benchmark] = field(default_factory=dict)
    """By full name."""
    others: list[OtherTest] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    """By module that cannot be imported: the traceback."""
    imported: FileSettings = field(default_factory=FileSettings)
    """By module: what it set for its process, in which asv would run its benchmarks alone."""
    _cached: dict[Callable[[], Any], bytes] = field(default_factory=dict)
    """By setup_cache: what it returned, pickled as asv does, so that no benchmark sees what another did to it."""

    def prepared(self, name: str) -> Prepared:
        """A benchmark as a step, after its setup. Raises `Skip` where its setup says that it cannot run."""
        found = self.benchmarks[name]
        for module in itertools.accumulate(found.module.__name__.split("."), lambda package, own: f"{package}.{own}"):
            self.imported.put(module)
        instance = found.owner() if found.owner is not None else found.module
        function = getattr(instance, found.function)
        places = (function, instance) if found.owner is None else (function, instance, found.module)
        args = (*self._cache(places), *found.values)
        setups, teardowns = _all(places, "setup")[::-1], _all(places, "teardown")

        rounds = Round(setups, teardowns, args)
        if _first(places, "number") == 1:
            return Prepared(partial(function, *args), no_error, Work(), reset=rounds.begin, close=rounds.end)
        rounds.begin()
        return Prepared(partial(function, *args), no_error, Work(), close=rounds.end)

    def _cache(self, places: Sequence[Any]) -> tuple[Any, ...]:
        """The first argument of all functions where there is a setup_cache, else none."""
        setup_cache = _first(places, "setup_cache")
        if setup_cache is None:
            return ()
        key = getattr(setup_cache, "__func__", setup_cache)
        if key not in self._cached:
            self._cached[key] = pickle.dumps(setup_cache())
        return (pickle.loads(self._cached[key]),)


class Round:
    """What lies between a setup and a teardown: one call, or all of them."""

    def __init__(self, setups: Sequence[Step], teardowns: Sequence[Step], args: Sequence[Any]) -> None:
        self._setups, self._teardowns, self._args = setups, teardowns, args
        self._open = False

    def begin(self) -> None:
        """End the round before, and set up. Raises `Skip` where the setup says that the benchmark cannot run."""
        self.end()
        try:
            for each in self._setups:
                each(*self._args)
        except NotImplementedError as error:
            raise Skip(f"its setup raises NotImplementedError: {error}") from None
        self._open = True

    def end(self) -> None:
        """Tear down, if something is set up."""
        if self._open:
            self._open = False
            for each in self._teardowns:
                each(*self._args)


def no_error(output: Any) -> float:
    """No error: a benchmark of asv judges no answer."""
    return 0.0


def folder_of(start: Path, words: Sequence[str]) -> Path:
    """The folder of the suite: the one named, that of its configuration, or `benchmarks`."""
    place = start / words[0] if words else start
    configuration = place / CONFIGURATION
    if configuration.is_file() and (named := _FOLDER.search(configuration.read_text(encoding="utf-8"))):
        return (place / named[1]).resolve()
    return (place if words else place / USUAL_FOLDER).resolve()


def discovered(folder: Path, patterns: Sequence[str]) -> Suite:
    """Import the modules of a folder, which is a package for them, and list their benchmarks.

    patterns: regular expressions, one of which a name must hold; none keeps all.
    """
    sys.path.insert(0, str(folder.parent))
    suite = Suite()
    for name in [folder.name, *_below(folder, folder.name)]:
        try:
            with suite.imported.importing(name):
                module = importlib.import_module(name)
        except Exception:  # whatever a file raises is what has to be shown
            suite.faults[name] = traceback.format_exc()
            continue
        for each in _in(module, name.removeprefix(folder.name).removeprefix("."), suite.others):
            if not patterns or any(re.search(pattern, each.full_name) for pattern in patterns):
                suite.benchmarks[each.full_name] = each
    return suite


def _below(folder: Path, prefix: str) -> Iterator[str]:
    for found in sorted(pkgutil.iter_modules([str(folder)]), key=lambda found: found.name):
        name = f"{prefix}.{found.name}"
        yield name
        if found.ispkg:
            yield from _below(folder / found.name, name)


def _in(module: ModuleType, prefix: str, others: list[OtherTest]) -> Iterator[Benchmark]:
    """The benchmarks of a module: functions, and methods of its classes."""
    start = f"{prefix}." if prefix else ""
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if inspect.isclass(value):
            # By name first: a class may hold what raises when it is looked at without an instance.
            for method in filter(_is_benchmark, dir(value)):
                if inspect.isfunction(function := getattr(value, method)):
                    yield from _of(f"{start}{name}.{method}", module, value, method, function, others)
        elif inspect.isfunction(value) and _is_benchmark(name):
            yield from _of(start + name, module, None, name, value, others)


def _is_benchmark(name: str) -> bool:
    return bool(TIMED.fullmatch(name) or UNTIMED.fullmatch(name))


def _of(
    name: str, module: ModuleType, owner: type | None, own: str, function: Any, others: list[OtherTest]
) -> Iterator[Benchmark]:
    """One benchmark for each combination of its parameters; none where it does not time anything."""
    if UNTIMED.fullmatch(own):
        others.append(OtherTest(name, f"it is of kind {own.partition('_')[0]}: only time_* is compared"))
        return
    if inspect.iscoroutinefunction(function):
        others.append(OtherTest(name, "it is async: a call only makes a coroutine"))
        return
    places = [function, *([owner] if owner is not None else []), module]
    names, axes = _params(places)
    for values in itertools.product(*axes):
        yield Benchmark(name, module, owner, own, names, values)


def _params(places: Sequence[Any]) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Names and values of the parameters."""
    params = _first(places, "params") or []
    if isinstance(params, dict):
        return tuple(params), [list(each) for each in params.values()]
    values = list(params)
    axes = [list(each) for each in values] if values and isinstance(values[0], list | tuple) else [values]
    axes = axes if values else []
    names = list(_first(places, "param_names") or [])[: len(axes)]
    names += [f"param{place}" for place in range(len(names) + 1, len(axes) + 1)]
    return tuple(map(str, names)), axes


def _first(places: Sequence[Any], name: str) -> Any:
    """The attribute of the first place that has it; None where none has."""
    return next((getattr(place, name) for place in places if hasattr(place, name)), None)


def _all(places: Sequence[Any], name: str) -> list[Callable[..., Any]]:
    """The attribute of all places that have it, however it is capitalised."""
    return [getattr(place, own) for place in places for own in dir(place) if own.lower() == name]
