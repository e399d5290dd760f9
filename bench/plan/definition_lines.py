"""Where a function is written: the line of its definition, read from the syntax tree and not by importing the file."""

from __future__ import annotations

import ast
from pathlib import Path


def line_of(path: Path, name: str) -> int | None:
    """The line, from 1, on which a function is defined; None if the file has none of this name or cannot be read.

    name: `square`, or a method as `TestSquare.test_it` or `TestSquare::test_it[64]`.
    """
    try:
        tree: ast.AST = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    line = None
    for part in name.partition("[")[0].replace("::", ".").split("."):
        found = next((each for each in _definitions(tree) if each.name == part), None)
        if found is None:
            return None
        tree, line = found, found.lineno
    return line


def _definitions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions and classes that a module or class defines, not those inside of functions."""
    nested = [tree]
    found: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = []
    while nested:
        for child in ast.iter_child_nodes(nested.pop()):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(child)
            elif isinstance(child, ast.If | ast.Try | ast.With):
                nested.append(child)
    return sorted(found, key=lambda each: each.lineno)
