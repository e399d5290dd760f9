"""What a gate says of cases that set something for their whole process."""

from __future__ import annotations

import pytest

from bench.analyse.gate.case_settings import settings_doubts

from ..conftest import MadeUpRun

TWO_THREADS = {"threads": ["1", "2"]}


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (TWO_THREADS, TWO_THREADS, "it sets threads from 1 to 2, for its whole process"),
        (
            {"working directory": ["/trees/base", "/"]},
            {"working directory": ["/trees/head", "/"]},
            "it sets working directory from /trees/head to /, for its whole process",
        ),
        (
            {},
            TWO_THREADS,
            "on the head it sets threads from 1 to 2, for its whole process: the sides are not measured alike",
        ),
        (
            TWO_THREADS,
            {"gradients": ["on", "off"]},
            "on the base it sets threads from 1 to 2, and on the head it sets gradients from on to off, for its whole "
            "process: the sides are not measured alike",
        ),
    ],
)
def test_what_a_case_sets_is_said_with_its_side(base, head, said):
    """A head that is faster because it asks for two threads is not faster code."""
    run = MadeUpRun()
    case, other = run.plan(), run.plan("a/b")
    for number in range(2):
        run.launch(case, number, side="base", changed_settings=base)
        run.launch(case, number, side="head", changed_settings=head)
        run.launch(case, number, side="head", twin=True, changed_settings={"oneDNN": ["on", "off"]})
        run.launch(other, number, side="head")
    assert settings_doubts(run.data()) == {case.key: said}
