"""What makes a workload another one, and what does not."""

from __future__ import annotations

import ast

import pytest

from bench.plan.workload_identity import identity

FILE = '''"""A family."""
import math
import os, sys
from bench.workload import workload

SIZE = 8
OTHER_SIZE = 9
TABLE = {}
TABLE["a"] = 1


def doubled(x):
    """Twice of it."""
    return 2 * x  # by shifting


def unused(x):
    return x


class Net:
    """A net."""
    width = SIZE


@workload(lesson="Mine", axes={"own": (0, 1)})
def mine(ctx, own):
    """Does this.

    Answer: one.
    """
    return Net(), doubled(own), math.pi, TABLE


@workload(lesson="Other")
def other(ctx):
    return unused(OTHER_SIZE), os, sys


if __name__ == "__main__":
    mine(None, 1)
'''


def identity_of(text: str, function: str = "mine") -> str:
    return identity(ast.parse(text), function)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# by shifting", "# by adding"),
        ('"""Twice of it."""', '"""Two of it."""'),
        ('"""Twice of it."""\n', "\n"),
        ("Does this.", "Does that."),
        ('"""A family."""', '"""Another family."""'),
        ("OTHER_SIZE = 9", "OTHER_SIZE = 10"),
        ("return unused(OTHER_SIZE)", "return 3"),
        ("import os, sys", "import sys, os, time"),
        ("def unused(x):\n    return x", "def unused(x):\n    return -x"),
        ("\n\nclass Net", "\n\n\n\n\nclass Net"),
        ("return 2 * x", "return (2 * x)"),
        ('lesson="Mine", axes={"own": (0, 1)}', 'lesson="Ours", axes={"own": (0, 1, 2)}'),
        ("mine(None, 1)", "mine(None, 0)"),
        ("if __name__", '@workload(lesson="New")\ndef new(ctx):\n    return SIZE\n\n\nif __name__'),
        ("SIZE = 8\n", "from __future__ import annotations\nSIZE = 8\n"),
    ],
)
def test_what_a_workload_does_not_use_does_not_change_it(old, new):
    assert old in FILE
    assert identity_of(FILE.replace(old, new, 1)) == identity_of(FILE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 2 * x", "return 3 * x"),
        ("SIZE = 8", "SIZE = 16"),
        ("width = SIZE", "width = SIZE + 1"),
        ("class Net:", "class Net(dict):"),
        ("import math", "import cmath as math"),
        ("own):", "own=1):"),
        ("math.pi", "math.e"),
        ('TABLE["a"] = 1', 'TABLE["a"] = 2'),
        ("@workload(lesson", "@doubled\n@workload(lesson"),
        ("def unused", "print(1)\n\n\ndef unused"),
        ("def unused", "for i in range(2):\n    print(i)\n\n\ndef unused"),
        ("def unused", "try:\n    import x\nexcept ImportError:\n    print(1)\n\n\ndef unused"),
        ("import math", "from math import *\nimport math"),
    ],
)
def test_what_a_workload_uses_changes_it(old, new):
    assert old in FILE
    assert identity_of(FILE.replace(old, new, 1)) != identity_of(FILE)


def test_helpers_may_change_places():
    moved = FILE.replace("def unused(x):\n    return x\n\n\n", "")
    net = 'class Net:\n    """A net."""\n    width = SIZE\n\n\n'
    assert identity_of(moved.replace(net, "") + net) == identity_of(FILE)


def test_who_looks_names_up_by_text_may_use_all_of_the_file():
    text = FILE.replace("math.pi, TABLE", 'globals()["unused"](1)')
    assert identity_of(text.replace("def unused(x):\n    return x", "def unused(x):\n    return -x")) != identity_of(
        text
    )


def test_a_name_that_is_bound_in_a_block_is_found_there():
    text = FILE.replace("SIZE = 8", "try:\n    SIZE = 8\nexcept ImportError:\n    SIZE = 1", 1)
    assert identity_of(text.replace("SIZE = 1", "SIZE = 2", 1)) != identity_of(text)
    text = FILE.replace("SIZE = 8", "if (SIZE := 8) > 3:\n    LARGE = True", 1)
    assert identity_of(text.replace(":= 8", ":= 9", 1)) != identity_of(text)
