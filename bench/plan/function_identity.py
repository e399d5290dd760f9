"""The identity of a test: its function with its decorators and, of a method, the class without its other tests."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

_TESTS = ("test", "time_", "timeraw_", "mem_", "peakmem_", "track_")
"""Beginnings of the names of methods that are tests of their own."""


def identity(path: Path, qualified: str) -> str:
    """SHA-256 of the function called `qualified` in a file, such as `TestSort.test_sorted`.

    Comments and spaces do not count. Where the file has no function of the name, because a program made it, the whole
    file counts.
    """
    text, tree = _parsed(path)
    body: list[ast.stmt] = tree.body if tree is not None else []
    *classes, function = qualified.split(".")
    parts = []
    for name in classes:
        owner = _named(body, name, (ast.ClassDef,))
        if not isinstance(owner, ast.ClassDef):
            return _sha256(text)
        kept = [each for each in owner.body if not getattr(each, "name", "").startswith(_TESTS)]
        parts.append(ast.dump(ast.ClassDef(owner.name, owner.bases, owner.keywords, kept, owner.decorator_list)))
        body = owner.body
    found = _named(body, function, (ast.FunctionDef, ast.AsyncFunctionDef))
    return _sha256(text) if found is None else _sha256("\n".join([*parts, ast.dump(found)]).encode())


def _named(body: list[ast.stmt], name: str, kinds: tuple[type[ast.stmt], ...]) -> ast.stmt | None:
    """The last definition of that name: it is the one that counts."""
    found = [each for each in body if isinstance(each, kinds) and getattr(each, "name", "") == name]
    return found[-1] if found else None


@cache
def _parsed(path: Path) -> tuple[bytes, ast.Module | None]:
    text = path.read_bytes()
    try:
        return text, ast.parse(text)
    except (SyntaxError, ValueError):  # no test of it was collected then
        return text, None


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
