"""The course as a list of its code blocks, each with the workloads that reproduce it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.plan.error_messages import near
from bench.plan.workload_parser import Workload
from bench.records import UserError

_KEYS = ("lesson", "name", "code", "by")


@dataclass(frozen=True)
class Block:
    """One code block of the course, and what reproduces it."""

    lesson: str
    name: str
    code: str
    """The code that names the block: `torch.mm(A, B)`."""
    by: str = ""
    """What reproduces it, if no workload does."""
    workloads: tuple[Workload, ...] = ()
    """Names of the workloads whose section `Course:` names it."""

    def __str__(self) -> str:
        return f"'{self.name}' of {self.lesson}"


def read_course(path: Path) -> tuple[Block, ...]:
    """The blocks of a TOML file, `[[block]]` each, in its order, with no workloads yet.

    Raises `UserError` if it cannot be read, holds anything but blocks, or names one block twice.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}") from None
    tables = document.pop("block", None)
    if document or not tables or not isinstance(tables, list):
        raise UserError(f"{path} may only have tables [[block]] with the keys {', '.join(_KEYS)}")
    blocks = tuple(_block(path, place, table) for place, table in enumerate(tables, start=1))
    for place, block in enumerate(blocks):
        if any((block.lesson, block.name) == (other.lesson, other.name) for other in blocks[:place]):
            raise UserError(f"{path} has the block {block} twice: a workload could not say which it reproduces")
    return blocks


def _block(path: Path, place: int, table: object) -> Block:
    if not isinstance(table, dict) or not all(isinstance(value, str) and value.strip() for value in table.values()):
        raise UserError(f"{path}: block {place}: {', '.join(_KEYS)} are text, and none of them is empty")
    for key in table:
        if key not in _KEYS:
            raise UserError(f"{path}: block {place} has the key '{key}'{near(key, _KEYS)}")
    for key in _KEYS[:-1]:
        if key not in table:
            raise UserError(f"{path}: block {place} has no {key}")
    return Block(**table)


def shown(blocks: Sequence[Block], workloads: Iterable[Workload]) -> tuple[Block, ...]:
    """The blocks, each with the workloads that reproduce it.

    Raises `UserError` for a block that nothing shows, and for a `Course:` section that names no block, or an ambiguous
    one.
    """
    found: dict[Block, list[Workload]] = {block: [] for block in blocks}
    for workload in workloads:
        for name in named(workload):
            found[_lookup(blocks, name, workload)].append(workload)
    bare = [str(block) for block, by_workloads in found.items() if not by_workloads and not block.by]
    if bare:
        advice = "name it in the section 'Course:' of a workload, or say by what else it is shown (by = …)"
        raise UserError(
            f"nothing shows {len(bare)} of the {len(blocks)} blocks of the course: {', '.join(bare)}; {advice}"
        )
    return tuple(replace(block, workloads=tuple(by_workloads)) for block, by_workloads in found.items())


def named(workload: Workload) -> Iterator[str]:
    """The names in the section `Course:` of a workload."""
    if "Course" in workload.sections:
        yield from (name.strip() for name in workload.sections["Course"].split(";"))


def _lookup(blocks: Sequence[Block], name: str, workload: Workload) -> Block:
    """The block of that name: two lessons may have a 'training loop', and the workload's own lesson comes first."""
    called = [block for block in blocks if block.name == name]
    own = [block for block in called if block.lesson == workload.lesson] or called
    if len(own) == 1:
        return own[0]
    where = f"{workload.source.path}:{workload.line}: the section 'Course:' of {workload.name} names '{name}'"
    if own:
        lessons = " and ".join(block.lesson for block in own)
        raise UserError(
            f"{where}, which is a block of {lessons}: the lesson of the workload, @workload(lesson=…), is to say which"
        )
    raise UserError(f"{where}, which is not a block of the course{near(name, (block.name for block in blocks))}")
