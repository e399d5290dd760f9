"""Which environments there are, and what is installed in each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

LOWEST, PINNED, NEWEST = "lowest", "pinned", "newest"
"""The lower bounds of pyproject.toml; the versions of constraints.txt; whatever the registry has."""


@dataclass(frozen=True)
class Environment:
    """A Python, a torch, and the versions of everything else."""

    python: str
    torch: str
    """A version, or NEWEST."""
    others: str
    """LOWEST, PINNED or NEWEST."""

    @property
    def name(self) -> str:
        """Names its folder and its row: `py3.14-torch2.14.1-newest`."""
        return f"py{self.python}-torch{self.torch}-{self.others}"


ENVIRONMENTS = (
    Environment("3.11", "2.13.0", PINNED),
    Environment("3.11", "2.8.0", LOWEST),
    Environment("3.11", "2.14.1", NEWEST),
    Environment("3.13", "2.8.0", PINNED),
    Environment("3.13", "2.14.1", NEWEST),
    Environment("3.14", "2.13.0", PINNED),
    Environment("3.14", "2.14.1", NEWEST),
    Environment("3.14", NEWEST, NEWEST),
)
"""The environments of the table, the cheapest first."""

_BOUND = re.compile(r"(?P<name>[\w.-]+)\s*>=\s*(?P<bound>[\d.]+)\s*(?:;.*)?")


def bounds(text: str) -> dict[str, str]:
    """By package the lower bound in the text of a pyproject.toml, of what is needed to run and to test."""
    project = tomllib.loads(text)["project"]
    found: dict[str, str] = {}
    for line in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        match = _BOUND.fullmatch(line)
        if match is None:
            raise ValueError(f"'{line}' has no lower bound, or more than that")
        found[match["name"]] = match["bound"]
    return found


def lowest(versions: Iterable[str], bound: str) -> str:
    """The oldest of `versions` that is not older than `bound`; pre-releases do not count.

    Raises `ValueError` where there is none.
    """
    released = [each for each in versions if re.fullmatch(r"[\d.]+(\.post\d+)?", each)]
    fit = [each for each in released if _order(each) >= _order(bound)]
    if not fit:
        raise ValueError(f"no version is at least {bound}")
    return min(fit, key=_order)


def _order(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:  # 2.0 is 2
        numbers.pop()
    return tuple(numbers)


def constraints(environment: Environment, root: Path, versions_of: Callable[[str], Iterable[str]]) -> list[str]:
    """The lines of a constraints file of an environment.

    root: the checkout; versions_of: the versions of a package that the registry has for this Python.
    """
    torch = [] if environment.torch == NEWEST else [f"torch=={environment.torch}"]
    if environment.others == NEWEST:
        return torch
    if environment.others == PINNED:
        pins = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
        return [*torch, *(pin for pin in pins if not pin.startswith("torch=="))]
    known = bounds((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        *torch,
        *(f"{name}=={lowest(versions_of(name), bound)}" for name, bound in known.items() if name != "torch"),
    ]
