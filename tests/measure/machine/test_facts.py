"""What a machine lacks is said, and the case skipped."""

import pytest

from bench.measure.author.context import Skip
from bench.measure.author.usable import usable_dtype, usable_mode
from bench.measure.machine import facts
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
    monkeypatch.setattr(facts.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with pytest.raises(Skip, match=r"Python\.h is not installed"):
        usable_mode(Case.of("a/b", {"mode": "compile-max-autotune"}), DECLARED)


def test_modes_that_need_no_compiler_are_usable_without_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert usable_mode(Case.of("a/b", {"mode": "trace"}), DECLARED) == "trace"


def test_a_dtype_that_was_not_declared_is_skipped():
    with pytest.raises(Skip, match="makes no sense in dtype=float64"):
        usable_dtype(Case.of("a/b", {"dtype": "float64"}), DECLARED)


def test_the_facts_are_plain_values_that_travel_as_json():
    import json

    told = facts.facts()
    assert json.loads(json.dumps(told)) == told
    assert told["cpu"]["physical"] >= 1
    assert told["torch"]["version"]
    assert told["memory_bytes"] > 2**28


def test_variables_that_steer_torch_its_compilers_or_the_allocator_are_facts(monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_MAX_AUTOTUNE", "1")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET_OF_THE_USER", "not told")
    told = facts.facts()["environment"]
    assert (told["TORCHINDUCTOR_MAX_AUTOTUNE"], told["LD_PRELOAD"]) == ("1", "")
    assert "not told" not in told.values()


def test_physical_cores_are_at_most_the_cpus_we_may_use():
    assert 1 <= facts.physical_cores() <= len(facts.affinity())
