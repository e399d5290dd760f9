"""Arguments of Python callers, converted to those of a command."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from bench.records import UserError, Value

Texts = str | Iterable[str]
"""One word or several."""

Paths = str | Path | Iterable[str | Path]
"""One file or several."""

Sets = Texts | Mapping[str, Value | Iterable[Value]]
"""Values of axes: `{"size": [64, 256], "mode": "eager"}`, or `"size=64,256"` as the command takes it, or several."""

Span = float | str | None
"""Seconds, or a text such as `"5m"`."""


class Kept(Protocol):
    """The result of a job that is kept in a folder."""

    @property
    def folder(self) -> Path:
        """Folder of the result."""


RunName = str | Path | Kept
"""A run by its folder, its id, `reference:NAME`, or as the result of a job."""

OF_THE_CALL = ("listener", "stop", "command", "pages")
"""Arguments that do not affect what is measured."""


def texts(given: Texts) -> list[str]:
    """The words as a list."""
    return [given] if isinstance(given, str) else [str(each) for each in given]


def paths(given: Paths) -> list[Path]:
    """The files as a list."""
    return [Path(given)] if isinstance(given, str | Path) else [Path(each) for each in given]


def assignments(given: Sets) -> list[str]:
    """Values of axes as `axis=v1,v2`. Raises `UserError` for an axis without a value."""
    if not isinstance(given, Mapping):
        return texts(given)
    found = []
    for axis, values in given.items():
        several = [values] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
        if not several:
            raise UserError(f"sets: the axis '{axis}' has no value")
        found.append(f"{axis}={','.join(str(value) for value in several)}")
    return found


def seconds_of(given: Span) -> float | None:
    """A duration in seconds; None if none is given. Raises `UserError` for an invalid one, or one not above 0."""
    if given is None or given == "":
        return None
    from bench.plan.presets import parse_duration

    if isinstance(given, str):
        return parse_duration(given)
    if not 0 < given < math.inf:
        raise UserError(f"{given} is not a duration above 0 that could be waited for")
    return float(given)


def new_folder(out: str | Path | None) -> Path | None:
    """The folder for a run; None means a new one in `results/`. Nothing is created yet.

    Raises `UserError` if the run could not be kept.
    """
    from bench.store import runs

    if out is not None:
        runs.refuse_unwritable(Path(out))
        return Path(out)
    if runs.RESULTS.exists() and not runs.RESULTS.is_dir():
        raise UserError(f"{runs.RESULTS} is a file; runs are kept in a folder of that name. Use --out")
    return None


def name_of(run: RunName) -> str:
    """The name of a run as a command takes it."""
    return str(run) if isinstance(run, str | Path) else str(run.folder)


def refuse_outside(least: float, most: float = math.inf, **given: float | None) -> None:
    """Raise `UserError` for a given number outside of these bounds; the keyword is its name."""
    for name, value in given.items():
        if value is not None and not least <= value <= most:
            bound = f"at least {least:g}" if most == math.inf else f"between {least:g} and {most:g}"
            raise UserError(f"{name}={value}: it must be {bound}")


def call_text(function: Callable[..., object], given: Mapping[str, Any]) -> str:
    """The call as `run.json` records it: `bench.run('matmul/square', launches=2)`.

    given: the value of each parameter; defaults are left out.
    """
    import inspect

    words, positional = [], True
    for name, parameter in inspect.signature(function).parameters.items():
        value = given[name]
        if name in OF_THE_CALL or value is parameter.default or _is_same(value, parameter.default):
            positional = False
            continue
        positional = positional and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        words.append(_shown(value) if positional else f"{name}={_shown(value)}")
    return f"bench.{function.__name__}({', '.join(words)})"


def _is_same(value: object, default: object) -> bool:
    """Whether a value is its default. Containers are compared by identity, since one may be an array."""
    return isinstance(value, str | int | float) and type(value) is type(default) and value == default


def _shown(value: object) -> str:
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, list | tuple):
        inner = ", ".join(_shown(each) for each in value)
        return f"[{inner}]"
    return repr(str(value.folder)) if hasattr(value, "folder") else repr(value)
