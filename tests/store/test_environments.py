"""What the environments of two runs have to say to whether they can be compared."""

from __future__ import annotations

from typing import Any

import pytest

from bench.store import environments, runs

Facts = dict[str, Any]

FLAT = {"steering": {}}
AVX2 = {"steering": {"ATEN_CPU_CAPABILITY": "avx2"}}


def run_of(facts: Facts, **changes: Any) -> dict[str, Any]:
    """The `run.json` of a run with these facts; `instructions` is the set that torch used."""
    instructions = changes.pop("instructions", "AVX512")
    torch = {**facts["torch"], "cpu_capability": instructions, "build": f"CPU capability usage: {instructions}\nBLAS"}
    whole = {**facts, "torch": torch, **changes}
    return {"environment": whole, "fingerprint": runs.fingerprint(whole)}


def test_runs_without_variables_are_alike_and_as_comparable_as_before(facts: Facts) -> None:
    assert environments.differences(run_of(facts, **FLAT), run_of(facts, **FLAT)) == ""
    assert environments.marks(run_of(facts, **FLAT)) == []
    assert runs.fingerprint({**facts, **FLAT}) == runs.fingerprint({**facts, **AVX2}) == runs.fingerprint(facts)


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        ({}, {"A": "1"}, "A unset in the base, 1 in the head"),
        ({"A": "1"}, {}, "A=1 in the base, unset in the head"),
        ({"A": "1"}, {"A": "2"}, "A=1 in the base, 2 in the head"),
        ({"A": "1", "B": "x"}, {"C": ""}, "A=1 in the base, unset in the head; B=x in the base, unset in the head; "
                                          "C unset in the base,  in the head"),
    ],
)  # fmt: skip
def test_each_variable_that_differs_is_named(facts: Facts, base: Facts, head: Facts, said: str) -> None:
    found = environments.differences(run_of(facts, steering=base), run_of(facts, steering=head))
    assert found == f"environment differs: {said}"


def test_the_instruction_set_in_use_must_agree_whatever_chose_it(facts: Facts) -> None:
    base, head = run_of(facts, **FLAT), run_of(facts, **FLAT, instructions="AVX2")
    assert environments.differences(base, head) == (
        "environment differs: instruction set AVX512 in the base, AVX2 in the head"
    )
    assert base["fingerprint"] != head["fingerprint"]
    assert environments.same_machine(base, head)


def test_on_another_processor_the_instruction_set_is_no_choice(facts: Facts) -> None:
    other = {**facts, "cpu": {**facts["cpu"], "family": ["other", "1", "2", "3"]}}
    base, head = run_of(facts, **FLAT), run_of(other, **FLAT, instructions="AVX2")
    assert environments.differences(base, head) == ""
    assert not environments.same_machine(base, head)


def test_a_run_that_does_not_say_is_comparable_with_a_line_of_doubt(facts: Facts) -> None:
    older, newer = run_of(facts), run_of(facts, **AVX2)
    older["environment"].pop("steering", None)
    assert environments.differences(older, newer) == ""
    assert environments.same_machine(older, newer)
    assert environments.not_recorded(older, newer) == (
        "The base does not say what its environment was; the other run had ATEN_CPU_CAPABILITY=avx2."
    )
    assert environments.not_recorded(newer, older).startswith("The head does not say")
    assert environments.not_recorded(older, run_of(facts, **FLAT)) == ""


def test_a_run_of_another_tool_is_not_doubted_for_it(facts: Facts) -> None:
    imported = {"environment": {"torch": {"version": None}}, "fingerprint": "f", "imported": {"from": "pyperf"}}
    assert environments.differences(imported, run_of(facts, **AVX2)) == ""
    assert environments.not_recorded(imported, run_of(facts, **AVX2)) == ""
    assert not environments.same_machine(imported, run_of(facts, **AVX2))


def test_an_export_that_comes_back_is_of_the_machine_and_the_variables_of_its_run(facts: Facts) -> None:
    run = run_of(facts, **AVX2)
    back = {"imported": {}, "fingerprint": ", ".join([run["fingerprint"], *environments.marks(run)])}
    assert environments.same_machine(run, back)
    assert environments.differences(run, back) == ""
    assert "ATEN_CPU_CAPABILITY unset in the base" in environments.differences(run_of(facts, **FLAT), back)
    elsewhere = {**back, "fingerprint": "0123456789abcdef, ATEN_CPU_CAPABILITY=avx2"}
    assert not environments.same_machine(run, elsewhere)
