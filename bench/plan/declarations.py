"""Reads the arguments of `@workload(...)`, and checks them against what the harness supports."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from bench.plan.axis_values import DTYPES, WORDS, as_kind, kind_of, refusal
from bench.plan.error_messages import fault, near
from bench.plan.literals import NotLiteralError, evaluate
from bench.records import UNIVERSAL_AXES, UserError, Value
from bench.store.schema import COLUMNS
from bench.workload import DIFFERENTIABLE, MODES

_KEYWORDS = ("lesson", "axes", "quick", "modes", "dtypes", "role")
_ROLES = ("lesson", "calibration", "certification")
_SHOWN = 60

Values = tuple[Value, ...]


@dataclass(frozen=True)
class Declared:
    """The arguments of one `@workload(...)`, read and checked."""

    lesson: str
    axes: dict[str, Values]
    quick: dict[str, Values]
    modes: tuple[str, ...]
    dtypes: tuple[str, ...]
    role: str

    @classmethod
    def read(cls, path: Path, function: ast.FunctionDef, call: ast.Call) -> Declared:
        """What the call declares for `function`. Raises `UserError` with file and line."""
        read = _Reader(path, _keywords(path, call))
        axes = read.axes()
        _match_parameters(path, function, axes)
        return cls(
            lesson=read.lesson(call.lineno),
            axes=axes,
            quick=read.quick(axes),
            modes=read.modes(),
            dtypes=read.names("dtypes", DTYPES, default=("float32", "float64")),
            role=read.role(),
        )


def _keywords(path: Path, call: ast.Call) -> dict[str, ast.expr]:
    if call.args:
        raise fault(path, call.args[0].lineno, f"@workload takes keywords alone: {', '.join(_KEYWORDS)}")
    given: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise fault(path, keyword.lineno, "@workload is read without running it: write the keywords out, no **")
        if keyword.arg not in _KEYWORDS:
            raise fault(path, keyword.lineno, f"@workload has no keyword '{keyword.arg}'{near(keyword.arg, _KEYWORDS)}")
        given[keyword.arg] = keyword.value
    return given


def _match_parameters(path: Path, function: ast.FunctionDef, axes: dict[str, Values]) -> None:
    taken = function.args
    positional = [*taken.posonlyargs, *taken.args]
    # The worker calls make(ctx, **values): ctx by position, the axes by name.
    by_name = [*positional[1:], *taken.kwonlyargs]
    odd = taken.vararg or taken.kwarg or len(taken.posonlyargs) > 1 or not positional
    if odd or {parameter.arg for parameter in by_name} != set(axes):
        wanted = f"def {function.name}({', '.join(['ctx', *axes])})"
        given = f"def {function.name}({ast.unparse(taken)})"
        raise fault(path, function.lineno, f"a workload takes ctx and exactly its axes: {wanted}, not {given}")


class _Reader:
    """Reads the keyword arguments of one call; every error has the line of its expression."""

    def __init__(self, path: Path, given: dict[str, ast.expr]) -> None:
        self._path = path
        self._given = given

    def lesson(self, line: int) -> str:
        node = self._given.get("lesson")
        if node is None:
            raise fault(self._path, line, 'lesson is missing: @workload(lesson="the section of the course it is from")')
        lesson = self._value(node, "lesson")
        if not isinstance(lesson, str) or not lesson.strip():
            raise self._fault(node, f"lesson must be text, not {_show(node)}")
        return lesson

    def role(self) -> str:
        node = self._given.get("role")
        if node is None:
            return _ROLES[0]
        role = self._value(node, "role")
        if role not in _ROLES:
            raise self._fault(node, f"role must be 'lesson', 'calibration' or 'certification', not {_show(node)}")
        return str(role)

    def modes(self) -> tuple[str, ...]:
        match self._given.get("modes"):
            case ast.Constant(value="all"):
                return MODES
            case ast.Constant(value="differentiable"):
                return DIFFERENTIABLE
        return self.names("modes", MODES, default=("eager",))

    def names(self, keyword: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        node = self._given.get(keyword)
        if node is None:
            return default
        for value, element in self._sequence(node, keyword):
            if value not in known:
                raise self._fault(element, f"{keyword}: {value!r} is not known{near(str(value), known)}")
        return tuple(str(value) for value, _ in self._sequence(node, keyword))

    def axes(self) -> dict[str, Values]:
        return {axis: self._axis(axis, key, node) for axis, key, node in self._items("axes")}

    def quick(self, axes: dict[str, Values]) -> dict[str, Values]:
        quick: dict[str, Values] = {}
        for axis, key, node in self._items("quick"):
            what = f"quick value of axis '{axis}'"
            if axis not in axes:
                raise self._fault(key, f"quick: there is no axis '{axis}'{near(axis, axes)}")
            kind = kind_of(axes[axis])
            assert kind is not None, "checked when the axis was read"
            several = isinstance(node, ast.Tuple | ast.List)
            pairs = self._sequence(node, what) if several else [(self._plain(node, what), node)]
            values = [as_kind(value, kind) for value, _ in pairs]
            for value, (_, element) in zip(values, pairs, strict=True):
                if value is None:
                    raise self._fault(element, f"{what} is {_show(element)}, while the axis takes {WORDS[kind]}")
            quick[axis] = tuple(value for value in values if value is not None)
        return quick

    def _axis(self, axis: str, key: ast.expr, node: ast.expr) -> Values:
        if axis in UNIVERSAL_AXES:
            raise self._fault(key, f"every case has the axis '{axis}' already: choose another name")
        if axis in COLUMNS:
            raise self._fault(key, f"the tables have a column '{axis}' of their own: choose another name for the axis")
        pairs = self._sequence(node, f"axis '{axis}'")
        kind = kind_of(value for value, _ in pairs)
        if kind is None:
            raise self._fault(node, f"axis '{axis}' mixes types: {_show(node)}; keep to numbers, text or bool")
        return tuple(fit for value, _ in pairs if (fit := as_kind(value, kind)) is not None)

    def _items(self, keyword: str) -> list[tuple[str, ast.expr, ast.expr]]:
        """The (axis, its node, value node) of a literal dict."""
        node = self._given.get(keyword)
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return []
        if not isinstance(node, ast.Dict):
            raise self._fault(node, f'{keyword} is not a literal dict: {_show(node)}; write {{"size": (64, 256)}}')
        items: dict[str, tuple[str, ast.expr, ast.expr]] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise self._fault(key or value, f"{keyword}: the name of an axis is not literal text")
            if key.value in items:
                raise self._fault(key, f"{keyword}: the axis '{key.value}' is there twice")
            items[key.value] = (key.value, key, value)
        return list(items.values())

    def _sequence(self, node: ast.expr, what: str) -> list[tuple[Value, ast.expr]]:
        """The values of a literal tuple or list, each with its node: at least one, each valid in a key, none twice."""
        if isinstance(node, ast.Constant):
            raise self._fault(node, f"{what} needs a tuple of values: write ({_show(node)},)")
        if not isinstance(node, ast.Tuple | ast.List):
            self._value(node, what)  # gives the best error for an expression
            raise self._fault(node, f"{what} needs a tuple of values: write ({_show(node)},)")
        if not node.elts:
            raise self._fault(node, f"{what} is empty: give at least one value")
        pairs = [(self._plain(element, what), element) for element in node.elts]
        seen: set[tuple[bool, Value]] = set()
        for value, element in pairs:
            mark = (isinstance(value, bool), value)  # True == 1, but they have two types and are not the same value
            if mark in seen:
                raise self._fault(element, f"{what} holds {value!r} twice")
            seen.add(mark)
        return pairs

    def _plain(self, node: ast.expr, what: str) -> Value:
        value = self._value(node, what)
        if reason := refusal(value):
            raise self._fault(node, f"{what}: {reason}")
        return value

    def _value(self, node: ast.expr, what: str) -> Value:
        try:
            return evaluate(node)
        except NotLiteralError as error:
            why = f" ({error.why})" if error.why else ""
            advice = "write the values out, as in (64, 10**4): the file is read, not run"
            raise self._fault(node, f"{what} is not a literal: {_show(node)}{why}; {advice}") from None

    def _fault(self, node: ast.expr, message: str) -> UserError:
        return fault(self._path, node.lineno, message)


def _show(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
