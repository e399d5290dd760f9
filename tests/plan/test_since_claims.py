"""What is said of a release of torch is what was tested on it, or says of which release it is known."""

from __future__ import annotations

import itertools

import pytest

from bench.plan.since_claims import TESTED, Claim, claims_of, installed_release, known_for, release_of, said_of

SECTION = """A whole model is refused.

torch 2.13: `save` says `DeprecationWarning`.

torch 2.14 and newer: `save` says `FutureWarning`.

torch 2.9 to 2.13: something else."""
ALL, OLD, NEW, MIDDLE = (
    *("A whole model is refused.", "`save` says `DeprecationWarning`.", "`save` says `FutureWarning`."),
    "Something else.",
)


def test_a_paragraph_begins_with_its_releases():
    assert claims_of(SECTION) == [
        Claim(ALL),
        Claim(OLD, (2, 13), (2, 13)),
        Claim(NEW, (2, 14)),
        Claim(MIDDLE, (2, 9), (2, 13)),
    ]
    assert claims_of("") == []


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ((2, 8), [ALL]),
        ((2, 13), [ALL, OLD, MIDDLE]),
        ((2, 14), [ALL, NEW]),
        ((2, 10), [f"Known of torch 2.8: {ALL}"]),
        ((2, 5), [f"Known of torch 2.8: {ALL}"]),
    ],
)
def test_a_release_is_told_what_was_tested_on_it(monkeypatch, release, said):
    monkeypatch.setattr("bench.plan.since_claims.TESTED", ((2, 8), (2, 13), (2, 14)))
    assert said_of(SECTION, release) == said


def test_a_newer_release_is_told_what_is_known_of_the_last_that_was_tested(monkeypatch):
    monkeypatch.setattr("bench.plan.since_claims.TESTED", ((2, 8), (2, 13)))
    assert said_of(SECTION, (2, 14)) == [f"Known of torch 2.13: {text}" for text in (ALL, OLD, MIDDLE)]
    assert known_for((3, 0)) == (2, 13)


def test_the_tested_releases_are_in_order_and_begin_with_the_oldest_that_is_promised():
    assert all(before < after for before, after in itertools.pairwise(TESTED))
    assert TESTED[0] == (2, 8)


@pytest.mark.parametrize(("version", "release"), [("2.13.0+cpu", (2, 13)), ("2.8.0", (2, 8)), ("3.0a0", (3, 0))])
def test_the_release_of_a_version(version, release):
    assert release_of(version) == release


def test_the_installed_release_is_found_without_importing_torch():
    import torch

    assert installed_release() == release_of(torch.__version__)
