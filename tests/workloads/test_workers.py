"""workers: start."""

from __future__ import annotations

import multiprocessing

import pytest

from bench.measure.author.context import Skip
from workloads import workers


@pytest.mark.parametrize("by", multiprocessing.get_all_start_methods())
def test_workers_fetch_the_same_rows_however_they_start(opened, by):
    case = opened(workers.start, by=by, workers=1)
    assert max(case.error(case.run()) for _ in range(2)) == 0


def test_a_start_method_that_the_system_lacks_is_skipped(opened, monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(Skip, match="starts no process by fork"):
        opened(workers.start, by="fork", workers=1)


def test_a_start_method_is_asked_for_and_no_other_taken(opened, monkeypatch):
    asked = []
    monkeypatch.setattr(workers, "course_loader", lambda *data, **options: asked.append(options) or [])
    opened(workers.start, by="spawn", workers=2)
    assert asked == [{"workers": 2, "start": "spawn"}]
