from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plan.catalog import Workload, read_file
from bench.records import UserError
from bench.workload import MODES

from .conftest import IMPORT, MATMUL

Read = Callable[[str], list[Workload]]
Declare = Callable[..., Workload]
Write = Callable[[str, str], Path]


def test_a_workload_is_read_as_its_source_declares_it(write: Write) -> None:
    path = write("matmul.py", MATMUL)
    square = read_file(path, "workloads.matmul")[0]
    assert square.name == "matmul/square"
    assert (square.lesson, square.role, square.line) == ("GPU", "lesson", 4)
    assert square.summary == "C = A·B for square A, B."
    assert square.about.paragraphs == (square.summary,)
    assert square.family == "matmul"
    assert square.sections == {"Answer": "the product in float64", "Work": "2·size³ operations"}
    assert square.axes == {"size": (64, 256, 1024)}
    assert square.quick == {"size": (64, 256)}
    assert square.modes == MODES
    assert square.dtypes == ("float32", "float64")
    assert square.defaults == {"size": 64}


def test_the_source_says_where_the_code_lives(write: Write) -> None:
    path = write("matmul.py", MATMUL)
    source = read_file(path, "workloads.matmul")[1].source
    assert (source.path, source.function, source.dotted) == (str(path), "round_trip", "workloads.matmul")
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_the_author_leaves_out_has_its_default(read: Read) -> None:
    found = read(f'{IMPORT}@workload(lesson="x", axes={{"size": [3, 5]}})\ndef one(ctx, size): ...\n')[0]
    assert (found.modes, found.dtypes, found.role) == (("eager",), ("float32", "float64"), "lesson")
    assert found.quick == {"size": (3,)}
    assert (found.summary, found.sections) == ("", {})


def test_a_file_is_never_run(read: Read) -> None:
    assert read(f"raise SystemExit\nimport no_such_module\n{MATMUL}")


@pytest.mark.parametrize(
    ("imported", "decorator"),
    [
        ("from bench.workload import workload", "workload"),
        ("from bench.workload import workload as measured", "measured"),
        ("from bench.workload import *", "workload"),
        ("import bench.workload", "bench.workload.workload"),
        ("import bench.workload as wl", "wl.workload"),
        ("from bench import workload as wl", "wl.workload"),
        ("from bench import workload", "workload.workload"),
        ("import bench as b", "b.workload.workload"),
    ],
)
def test_the_decorator_is_known_however_it_was_imported(read: Read, imported: str, decorator: str) -> None:
    assert [each.name for each in read(f'{imported}\n@{decorator}(lesson="x")\ndef one(ctx): ...\n')] == ["mine/one"]


def test_a_decorator_of_the_same_name_from_elsewhere_is_another(read: Read) -> None:
    assert read('from other import workload\n@workload(lesson="x")\ndef one(ctx): ...\n') == []


def test_other_decorators_may_stand_beside_it(read: Read) -> None:
    assert read(f'{IMPORT}@other\n@workload(lesson="x")\n@other(1)\ndef one(ctx): ...\n')


def test_the_family_is_explained_by_the_docstring_of_its_file(read: Read) -> None:
    found = read(f'"""Products: grow\nfast.\n\nVery."""\n{MATMUL}')
    assert {item.family_about.paragraphs for item in found} == {("Products: grow fast.", "Very.")}


def test_a_file_without_a_docstring_explains_no_family(read: Read) -> None:
    assert {item.family_about.paragraphs for item in read(MATMUL)} == {()}


def test_integers_among_floats_become_floats_so_that_keys_are_one(declare: Declare) -> None:
    axes = declare('lesson="x", axes={"size": (0.5, 1)}, quick={"size": 2}')
    assert [repr(value) for value in (*axes.axes["size"], *axes.quick["size"])] == ["0.5", "1.0", "2.0"]


def test_arithmetic_and_negative_numbers_are_values(declare: Declare) -> None:
    assert declare('lesson="x", axes={"size": (10**7, -1, 2*3)}').axes == {"size": (10**7, -1, 6)}


def test_keyword_only_axes_are_parameters_too(declare: Declare) -> None:
    assert declare('lesson="x", axes={"size": (1,)}', "ctx, *, size")


SIZES = 'lesson="x", axes={"size": (64, 256)}'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('lesson="x", axes={"size": list(range(3))}', "axis 'size' is not a literal: list(range(3))"),
        ('lesson="x", axes={"size": (SMALL, 2)}', "axis 'size' is not a literal: SMALL"),
        (
            'lesson="x", axes={"size": (9**9**9,)}',
            "axis 'size' is not a literal: 9 ** 9 ** 9 (the result is far too large)",
        ),
        ('lesson="x", axes=AXES', "axes is not a literal dict: AXES"),
        ('lesson="x", axes={**AXES}', "axes: the name of an axis is not literal text"),
        ('lesson="x", axes={"size": (1,), "size": (2,)}', "axes: the axis 'size' is there twice"),
        ('lesson="x", axes={"size": ()}', "axis 'size' is empty: give at least one value"),
        ('lesson="x", axes={"size": (64)}', "axis 'size' needs a tuple of values: write (64,)"),
        ('lesson="x", axes={"size": 10**3}', "axis 'size' needs a tuple of values: write (10 ** 3,)"),
        ('lesson="x", axes={"size": (64, 256, 8**2)}', "axis 'size' holds 64 twice"),
        ('lesson="x", axes={"size": (1, 1.0)}', "axis 'size' holds 1.0 twice"),
        ('lesson="x", axes={"size": (64, "big")}', "axis 'size' mixes types: (64, 'big')"),
        ('lesson="x", axes={"size": (1, True)}', "axis 'size' mixes types: (1, True)"),
        ('lesson="x", axes={"size": (10**30,)}', "axis 'size': 10000000000000000000… does not fit into 64 bits"),
        ('lesson="x", axes={"size": ("a b",)}', "axis 'size': 'a b' cannot be part of a key"),
        ('lesson="x", axes={"size": ("a,b",)}', "axis 'size': 'a,b' cannot be part of a key"),
        ('lesson="x", axes={"size": ("",)}', "axis 'size': '' cannot be part of a key"),
        ('lesson="x", axes={"size": ("64",)}', "axis 'size': the text '64' would be read back as a number"),
        ('lesson="x", axes={"size": ("1e3",)}', "axis 'size': the text '1e3' would be read back as a number"),
        ('lesson="x", axes={"size": ("nan",)}', "axis 'size': the text 'nan' would be read back as a number"),
        ('lesson="x", axes={"size": ("True",)}', "axis 'size': the text 'True' would be read back as a bool"),
        ('lesson="x", axes={"device": (1, 2)}', "every case has the axis 'device' already"),
        ('lesson="x", axes={"threads": (1, 2)}', "every case has the axis 'threads' already"),
        ('lesson="x", axes={"launches": (1, 2)}', "the tables have a column 'launches' of their own"),
        (SIZES + ', quick={"sise": 64}', "quick: there is no axis 'sise'; did you mean 'size'?"),
        (SIZES + ', quick={"size": "big"}', "quick value of axis 'size' is 'big', while the axis takes integers"),
        (SIZES + ', quick={"size": (64, 64)}', "quick value of axis 'size' holds 64 twice"),
        (SIZES + ', modes=("eager", "compiled")', "modes: 'compiled' is not known; did you mean 'compile'"),
        (SIZES + ', modes="eager"', "modes needs a tuple of values: write ('eager',)"),
        (SIZES + ", modes=()", "modes is empty"),
        (SIZES + ", modes=MODES", "modes is not a literal: MODES"),
        (SIZES + ', dtypes=("float23",)', "dtypes: 'float23' is not known; did you mean 'float32'"),
        (SIZES + ', role="peak"', "role must be 'lesson', 'calibration' or 'certification', not 'peak'"),
        (SIZES + ', rolle="lesson"', "@workload has no keyword 'rolle'; did you mean 'role'?"),
        (SIZES + ", **more", "@workload is read without running it: write the keywords out, no **"),
        ('"x", axes={"size": (64,)}', "@workload takes keywords alone"),
        ('axes={"size": (64,)}', "lesson is missing"),
        ('lesson=LESSON, axes={"size": (64,)}', "lesson is not a literal: LESSON"),
        ('lesson=3, axes={"size": (64,)}', "lesson must be text, not 3"),
    ],
)
def test_a_declaration_the_harness_cannot_take_is_an_error_with_its_line(
    declare: Declare, arguments: str, message: str
) -> None:
    with pytest.raises(UserError, match=r"mine\.py:2: " + re.escape(message)):
        declare(arguments)


@pytest.mark.parametrize("parameters", ["ctx", "ctx, sise", "ctx, size, more", "ctx, size, *more", "ctx, **size", ""])
def test_parameters_that_are_not_the_axes_are_an_error_with_their_line(declare: Declare, parameters: str) -> None:
    given = re.escape(f"def one(ctx, size), not def one({parameters})")
    with pytest.raises(UserError, match=r"mine\.py:3: a workload takes ctx and exactly its axes: " + given):
        declare(SIZES, parameters)


def test_a_positional_only_axis_is_an_error_since_axes_are_given_by_name(declare: Declare) -> None:
    with pytest.raises(UserError, match=r"mine\.py:3: a workload takes ctx and exactly its axes"):
        declare(SIZES, "ctx, size, /")


def test_the_line_is_that_of_the_faulty_value_itself(declare: Declare) -> None:
    with pytest.raises(UserError, match=r"mine\.py:5: axis 'size' is not a literal"):
        declare('\nlesson="x",\naxes={"size": (\n64, SMALL)}')


def test_a_decorator_without_its_call_is_an_error_with_its_line(read: Read) -> None:
    with pytest.raises(UserError, match=r"mine\.py:2: @workload needs its call"):
        read(f"{IMPORT}@workload\ndef one(ctx): ...\n")


@pytest.mark.parametrize("below", ["class One: ...", "async def one(ctx): ..."])
def test_the_decorator_on_anything_but_a_function_is_an_error(read: Read, below: str) -> None:
    with pytest.raises(UserError, match=r"mine\.py:2: @workload goes on a plain function"):
        read(f'{IMPORT}@workload(lesson="x")\n{below}\n')


def test_a_workload_inside_a_class_is_an_error_with_its_line(read: Read) -> None:
    with pytest.raises(UserError, match=r"mine\.py:3: @workload goes on a plain function at the top level"):
        read(f'{IMPORT}class One:\n    @workload(lesson="x")\n    def one(ctx): ...\n')


def test_a_syntax_error_has_its_line(read: Read) -> None:
    with pytest.raises(UserError, match=r"mine\.py:2: this is not valid Python"):
        read(f"{IMPORT}def one(:\n")


def test_null_bytes_are_an_error_of_the_file(read: Read) -> None:
    with pytest.raises(UserError, match=r"mine\.py:1: this (cannot be read as|is not valid) Python"):
        read("a = 1\0\n")


def test_nesting_without_end_is_an_error_of_the_file(declare: Declare) -> None:
    with pytest.raises(UserError, match=r"mine\.py:1: this cannot be read as Python"):
        declare('lesson="x", axes={"size": (' + "-" * 20_000 + "1,)}")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.py does not exist"):
        read_file(tmp_path / "none.py")


def test_a_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "mine.py").mkdir()
    with pytest.raises(UserError, match=r"mine\.py is a folder"):
        read_file(tmp_path / "mine.py")


def test_a_file_that_is_no_python_is_an_error(write: Write) -> None:
    with pytest.raises(UserError, match=r"mine\.txt is not a \.py file"):
        read_file(write("mine.txt", MATMUL))


@pytest.mark.parametrize("name", ["my own.py", "my.own.py", "my[own].py"])
def test_a_file_whose_name_cannot_begin_a_key_is_an_error(write: Write, name: str) -> None:
    with pytest.raises(UserError, match="would begin the names of its workloads"):
        read_file(write(name, MATMUL))
