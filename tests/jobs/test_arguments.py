"""What Python callers write, as the words of a command; and how a call is recorded."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bench.jobs.arguments import (
    assignments,
    call_text,
    name_of,
    new_folder,
    paths,
    refuse_outside,
    seconds_of,
    texts,
)
from bench.jobs.result import Result
from bench.records import UserError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": [64, 256], "mode": "eager"}, ["size=64,256", "mode=eager"]),
        ({"size": 64}, ["size=64"]),
        ({"size": np.array([64, 128])}, ["size=64,128"]),
        ({"pin": (True, False)}, ["pin=True,False"]),
        ({"mode": "eager,script"}, ["mode=eager,script"]),
        ("size=64,256", ["size=64,256"]),
        (["size=64", "mode=eager"], ["size=64", "mode=eager"]),
        ((), []),
    ],
)
def test_values_of_axes_become_assignments(given, words):
    assert assignments(given) == words


def test_an_axis_without_a_value_is_refused_by_its_name():
    with pytest.raises(UserError, match="'size' has no value"):
        assignments({"size": []})


def test_one_word_and_one_file_stand_for_a_list_of_one():
    assert texts("matmul/*") == ["matmul/*"]
    assert paths("mine.py") == paths(Path("mine.py")) == [Path("mine.py")]
    assert paths(["a.py", Path("b.py")]) == [Path("a.py"), Path("b.py")]


@pytest.mark.parametrize(("given", "seconds"), [(None, None), ("", None), (2, 2.0), (0.5, 0.5), ("5m", 300.0)])
def test_a_duration_is_seconds_or_a_text(given, seconds):
    assert seconds_of(given) == seconds


@pytest.mark.parametrize("given", [0, -1, math.inf, math.nan, "soon"])
def test_what_is_no_duration_is_refused(given):
    with pytest.raises(UserError, match="not a duration"):
        seconds_of(given)


def test_a_number_outside_its_bounds_is_refused_by_its_name():
    refuse_outside(1, launches=None)
    refuse_outside(1, 3, launches=3)
    with pytest.raises(UserError, match=r"launches=0: it must be at least 1"):
        refuse_outside(1, launches=0)
    with pytest.raises(UserError, match=r"alpha=nan: it must be between 0 and 0.5"):
        refuse_outside(0, 0.5, alpha=math.nan)


def test_a_folder_that_holds_something_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert new_folder(None) is None
    assert new_folder("new") == Path("new")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(UserError, match="full is not empty"):
        new_folder("full")
    (tmp_path / "results").touch()
    with pytest.raises(UserError, match="results is a file"):
        new_folder(None)


def job(select=(), *, sets=(), launches=None, seed=0, out=None, run=None, listener=None):
    """Something with a signature like a job's."""


GIVEN = {"select": (), "sets": (), "launches": None, "seed": 0, "out": None, "run": None, "listener": print}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "bench.job()"),
        ({"select": "matmul/square", "launches": 2}, "bench.job('matmul/square', launches=2)"),
        ({"select": ["a/b", "c/d"], "sets": {"size": [64]}}, "bench.job(['a/b', 'c/d'], sets={'size': [64]})"),
        ({"sets": "size=64"}, "bench.job(sets='size=64')"),
        ({"out": Path("there"), "seed": 1}, "bench.job(seed=1, out='there')"),
        ({"run": Result(Path("results/x"), {})}, "bench.job(run='results/x')"),
        ({"sets": np.array(["size=64"])}, "bench.job(sets=array(['size=64'], dtype='<U7'))"),
    ],
)
def test_a_call_is_recorded_as_it_can_be_made_again(given, text):
    assert call_text(job, {**GIVEN, **given}) == text


def test_a_run_is_named_by_its_folder_its_id_or_its_result():
    assert name_of("reference:epyc") == "reference:epyc"
    assert name_of(Path("results/x")) == name_of(Result(Path("results/x"), {})) == "results/x"
