"""The glossary names what there is: each of its pointers leads to a module and to a name in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
POINTER = re.compile(r"`(?P<path>[\w/]+\.py)` \(`(?P<name>\w+)`\)")


class Entry(NamedTuple):
    """A line of the glossary."""

    term: str
    meaning: str
    pointer: str
    formerly: str


def entries() -> list[Entry]:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [Entry(*row) for row in rows if row[0] != "term" and set(row[0]) != {"-"}]


def names_of(path: Path) -> set[str]:
    """Classes, functions and constants at the top of a module."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.term)
def test_a_term_points_at_a_name_that_exists(entry: Entry) -> None:
    pointer = POINTER.fullmatch(entry.pointer)
    assert pointer is not None, f"'{entry.term}' points at nothing"
    path = ROOT / pointer["path"]
    assert path.exists(), f"there is no {pointer['path']}"
    assert pointer["name"] in names_of(path), f"{pointer['path']} has no {pointer['name']}"


def test_a_term_is_explained_once_and_is_no_former_word_of_another() -> None:
    terms = [entry.term for entry in entries()]
    former = [word.strip() for entry in entries() for word in entry.formerly.split(",") if word.strip()]
    assert len(terms) == len(set(terms)) >= 25
    assert not set(terms) & set(former)
    assert len(former) == len(set(former))


def test_a_missing_name_is_noticed(tmp_path: Path) -> None:
    """The planted mistake: a class that was renamed."""
    module = tmp_path / "module.py"
    module.write_text("class Renamed:\n    Inside = 1\n")
    assert names_of(module) == {"Renamed"}
