"""The value of a literal, or of arithmetic on literals, from its syntax tree: nothing is ever executed."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from bench.records import Value

Number = int | float

# Room for any float (2**1024 is the first integer a float cannot hold), and still computed in an instant. Axis values
# themselves are held to 64 bits by `values.refusal`.
_MOST_BITS = 1024


class NotLiteralError(Exception):
    """Raised if `node` is not a literal; the message says why if there is more to say."""

    def __init__(self, node: ast.expr, why: str = "") -> None:
        super().__init__(why)
        self.node = node
        self.why = why


def evaluate(node: ast.expr) -> Value:
    """The value of `10**7`, `-1`, `2 * 3`, `"text"`, `True`. Raises `NotLiteralError` for every other expression."""
    match node:
        case ast.Constant(value=str() | bool() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _number(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _arithmetic(node, _OPERATIONS[type(op)], _number(left), _number(right))
    raise NotLiteralError(node)


def _number(node: ast.expr) -> Number:
    value = evaluate(node)
    if isinstance(value, bool | str):
        raise NotLiteralError(node, "arithmetic takes numbers alone")
    return value


def _arithmetic(node: ast.expr, operation: Callable[[Number, Number], object], left: Number, right: Number) -> Number:
    try:
        result = operation(left, right)
    except (ArithmeticError, ValueError) as error:
        raise NotLiteralError(node, str(error)) from None
    if isinstance(result, int) and result.bit_length() <= _MOST_BITS:
        return result
    if isinstance(result, float) and math.isfinite(result):
        return result
    raise NotLiteralError(node, "the result is not a number, or far too large")


def _power(base: Number, exponent: Number) -> object:
    # Checked before computing: 9**9**9 would not end.
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1:
        if base.bit_length() * abs(exponent) > 2 * _MOST_BITS:
            raise OverflowError("the result is far too large")
    elif isinstance(exponent, int) and exponent.bit_length() > _MOST_BITS:
        raise OverflowError("the exponent is far too large")
    return base**exponent


_OPERATIONS: dict[type[ast.operator], Callable[[Number, Number], object]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
    ast.Pow: _power,
}
