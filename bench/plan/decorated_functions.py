"""Finds the functions of a file that carry `@workload`, under whatever name it was imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bench.plan.error_messages import fault

_HOME = "bench.workload"


def decorated(tree: ast.Module, path: Path) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """Each workload function of a file with its `workload(...)` call, in the order of the file.

    Raises `UserError` if the decorator has no call, or is on anything but a function of the module itself: the worker
    looks the function up by its name in the module.
    """
    names = names_of_decorator(tree)
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        for decorator in _decorators(node):
            call = decorator if isinstance(decorator, ast.Call) else None
            if _dotted(call.func if call else decorator) not in names:
                continue
            if call is None:
                raise fault(path, decorator.lineno, '@workload needs its call: @workload(lesson="…")')
            if id(node) not in top or not isinstance(node, ast.FunctionDef):
                raise fault(path, decorator.lineno, "@workload goes on a plain function at the top level of the file")
            yield node, call


def _decorators(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.decorator_list
    return []


def names_of_decorator(tree: ast.Module) -> set[str]:
    """Every dotted name by which the decorator can be reached in this file: `workload`, `wl.workload`, …"""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="bench.workload", level=0):
                names |= {item.asname or "workload" for item in node.names if item.name in {"workload", "*"}}
            case ast.ImportFrom(module="bench", level=0):
                names |= {f"{item.asname or item.name}.workload" for item in node.names if item.name == "workload"}
            case ast.Import():
                names |= {_through(item) for item in node.names if item.name in {_HOME, "bench"}}
    return names


def _through(item: ast.alias) -> str:
    """What follows from `import bench.workload`, `import bench.workload as wl`, `import bench`, `import bench as b`."""
    if item.asname is None:
        return f"{_HOME}.workload"
    return f"{item.asname}.workload" if item.name == _HOME else f"{item.asname}.workload.workload"


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value)}.{attr}"
    return ""
