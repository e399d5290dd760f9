"""The identity of a test: its function, the fixtures that it names, and what these use of their file."""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.plan import workload_identity

TESTS = ("test", "time_", "timeraw_", "mem_", "peakmem_", "track_")
"""Beginnings of the names of methods that are tests of their own."""

IMPLICIT = (
    *("pytestmark", "pytest_generate_tests", "setup_module", "teardown_module", "setup_function", "teardown_function"),
    *("setup", "teardown", "setup_cache", "params", "param_names"),
)
"""Names of a module by which pytest and asv reach what no test names."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def identity(path: Path, qualified: str) -> str:
    """SHA-256 of the function called `qualified` in a file, such as `TestSort.test_sorted`, and of what it uses there.

    Where the file has no function of the name, because a program made it, the whole file counts.
    """
    text, tree = _parsed(path)
    first, *inner = qualified.split(".")
    module = copy.deepcopy(tree)
    if module is None or not _has(module.body, [first, *inner]):
        return hashlib.sha256(text).hexdigest()
    owner: ast.Module | ast.stmt = module
    for name in (first, *inner):
        body = owner.body if isinstance(owner, ast.Module | ast.ClassDef) else []
        found = _named(body, name)
        if isinstance(owner, ast.ClassDef):
            owner.body = [each for each in body if each is found or not _name(each).startswith(TESTS)]
        owner = found
    fixtures = [_name(each) for each in module.body if isinstance(each, _Function) and _is_automatic(each)]
    for function in [each for each in ast.walk(module) if isinstance(each, _Function)]:
        # What is named as an argument, or in a decorator's text, is found by its name.
        names = [*_arguments(function), *_texts(function), *((*IMPLICIT, *fixtures) if function is owner else ())]
        function.body += [ast.Expr(ast.Name(name, ast.Load())) for name in names]
    return workload_identity.identity(module, first)


def _has(body: list[ast.stmt], names: list[str]) -> bool:
    for place, name in enumerate(names):
        if name not in map(_name, body):
            return False
        found = _named(body, name)
        if place < len(names) - 1:
            body = found.body if isinstance(found, ast.ClassDef) else []
    return isinstance(found, _Function)


def _named(body: list[ast.stmt], name: str) -> ast.stmt:
    """The last definition of that name: it is the one that counts."""
    return [each for each in body if _name(each) == name][-1]


def _name(statement: ast.stmt) -> str:
    return statement.name if isinstance(statement, _Function | ast.ClassDef) else ""


def _arguments(function: _Function) -> Iterator[str]:
    yield from (each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs))


def _texts(function: _Function) -> Iterator[str]:
    """Texts in the decorators that may be names, as in `usefixtures("rows")`."""
    for each in (node for decorator in function.decorator_list for node in ast.walk(decorator)):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isidentifier():
            yield each.value


def _is_automatic(function: _Function) -> bool:
    """Whether it is a fixture of every test (`autouse`)."""
    calls = [each for each in function.decorator_list if isinstance(each, ast.Call)]
    return any(keyword.arg == "autouse" for call in calls for keyword in call.keywords)


@cache
def _parsed(path: Path) -> tuple[bytes, ast.Module | None]:
    text = path.read_bytes()
    try:
        return text, ast.parse(text)
    except (SyntaxError, ValueError):  # no test of it was collected then
        return text, None
