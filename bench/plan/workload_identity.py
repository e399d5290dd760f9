"""Identity of a workload: its function, and what this uses of its own file. What else the file holds does not matter.

Two sides ask the same question where these are equal. Comments, docstrings, the layout of the text, other workloads,
and the arguments of `@workload` (which say what may be measured, not how) are left out.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.plan.decorated_functions import names_of_decorator
from bench.plan.workload_parser import syntax_tree
from bench.records import Source

BY_TEXT = frozenset({"globals", "locals", "vars", "eval", "exec"})
"""Names that reach others by text: whoever uses one may use anything in the file."""


def identity_of(source: Source) -> str:
    """SHA-256 of the code behind a workload. Raises `UserError` where its file cannot be read."""
    return identity(syntax_tree(Path(source.path)), source.function)


def identity(module: ast.Module, function: str) -> str:
    """SHA-256 of a function of a module with all that it reaches there: helpers, classes, constants, imports, and
    statements that bind no name, which work on all of the file.
    """
    decorator = names_of_decorator(module)
    statements = [part for each in module.body for part in _parts(_plain(each, decorator))]
    reached = _reached(statements, function)
    definitions = sorted(ast.dump(each) for each in reached if isinstance(each, _Definition))
    others = [ast.dump(each) for each in reached if not isinstance(each, _Definition)]  # in the order they run in
    return hashlib.sha256("\n".join([*definitions, *others]).encode()).hexdigest()


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _reached(statements: Sequence[ast.stmt], function: str) -> list[ast.stmt]:
    """The statements that a function needs, itself among them, in the order of the file."""
    binding: dict[str, list[int]] = defaultdict(list)
    wanted: list[int] = []
    for place, statement in enumerate(statements):
        names = set(_bound(statement))
        for name in names:
            binding[name].append(place)
        if not names or "*" in names or _acts(statement):
            wanted.append(place)
    wanted += binding[function]
    found: set[int] = set()
    while wanted:
        place = wanted.pop()
        if place in found:
            continue
        found.add(place)
        used = set(_used(statements[place]))
        if used & BY_TEXT:
            return list(statements)
        wanted += [other for name in used for other in binding.get(name, ())]
    return [statements[place] for place in sorted(found)]


def _parts(statement: ast.stmt) -> list[ast.stmt]:
    """A statement, or several: each name of an import is one, and what does nothing is none."""
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return []
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return []  # `if __name__ == "__main__"`: no worker runs it
        case ast.ImportFrom(module="__future__"):
            return []
        case ast.Import(names=names):
            return [ast.Import([name]) for name in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            return [ast.ImportFrom(module, [name], level) for name in names]
    return [statement]


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement calls something for what this does, such as `torch.set_num_threads(1)`, perhaps in a loop."""
    if isinstance(statement, _Definition):
        return False
    blocks = [statement, *(each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.ExceptHandler))]
    inner = (each for block in blocks for each in ast.iter_child_nodes(block) if isinstance(each, ast.stmt))
    return isinstance(statement, ast.Expr) or any(map(_acts, inner))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement binds in its module, or changes: `TABLE["a"] = f` changes TABLE."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.Import(names=names):
            yield from ((each.asname or each.name).partition(".")[0] for each in names)
            return
        case ast.ImportFrom(names=names):
            yield from (each.asname or each.name for each in names)
            return
        case ast.Assign(targets=targets):
            yield from _targets(targets)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from _targets([target])
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield from _targets([target])
        case ast.Delete(targets=targets):
            yield from _targets(targets)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from _targets([item.optional_vars for item in items if item.optional_vars])
    for inner in ast.iter_child_nodes(statement):
        if isinstance(inner, ast.stmt):
            yield from _bound(inner)
        elif isinstance(inner, ast.ExceptHandler | ast.match_case):
            yield from (name for each in inner.body for name in _bound(each))
        elif isinstance(inner, ast.expr):
            named = (each for each in ast.walk(inner) if isinstance(each, ast.NamedExpr))
            yield from (each.target.id for each in named)


def _targets(targets: Iterable[ast.expr]) -> Iterator[str]:
    """The names of what is assigned to: of `a, (b, *c)` all three, of `x.y` and `x[0]` the name x."""
    for target in targets:
        match target:
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=inner) | ast.List(elts=inner):
                yield from _targets(inner)
            case ast.Starred(value=value) | ast.Attribute(value=value) | ast.Subscript(value=value):
                yield from _targets([value])


def _used(node: ast.AST) -> Iterator[str]:
    """All names in a statement. One that is local there may be taken for that of the module: a cautious mistake."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Global):
            yield from each.names


def _plain(statement: ast.stmt, decorator: Iterable[str]) -> ast.stmt:
    """A copy without docstrings, and without the arguments of `@workload`."""
    plain = copy.deepcopy(statement)
    for node in ast.walk(plain):
        if not isinstance(node, _Definition):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func) in decorator:
                call.keywords = []
    return plain
