"""What a machine or a workload lacks is said, and the case skipped."""

import pytest

from bench.measure.author.context import Skip
from bench.measure.author.usable import usable_dtype, usable_mode
from bench.measure.machine import compiler
from bench.records import Case
from bench.workload import MODES, Declaration

DECLARED = Declaration("lesson", {}, {}, MODES, ("float32",), "lesson")


def test_without_a_compiler_on_path_compiled_modes_are_skipped_with_that_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(Skip, match=r"needs a C\+\+ compiler; none of g\+\+, clang\+\+, cl is on PATH"):
        usable_mode(Case.of("a/b", {"mode": "compile"}), DECLARED)


def test_without_pythons_headers_compiled_modes_are_skipped_with_that_reason(monkeypatch, tmp_path):
    (tmp_path / "g++").write_text("#!/bin/sh\n")
    (tmp_path / "g++").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiler.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with pytest.raises(Skip, match=r"Python\.h is not installed"):
        usable_mode(Case.of("a/b", {"mode": "compile-max-autotune"}), DECLARED)


def test_modes_that_need_no_compiler_are_usable_without_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert usable_mode(Case.of("a/b", {"mode": "trace"}), DECLARED) == "trace"


def test_a_dtype_that_was_not_declared_is_skipped():
    with pytest.raises(Skip, match="makes no sense in dtype=float64"):
        usable_dtype(Case.of("a/b", {"dtype": "float64"}), DECLARED)
