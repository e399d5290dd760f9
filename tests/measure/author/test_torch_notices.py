"""torch's notices that a part of it is deprecated are hidden by their text, whatever their category; no others are."""

from __future__ import annotations

import warnings

import pytest

from bench.measure.author import torch_notices
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Open, Opened, Visit
from bench.records import Case, Settings

NOTICES = {
    "torch 2.13": ("`torch.jit.save` is deprecated. Please switch to `torch.export`.", DeprecationWarning),
    "torch 2.14": ("`torch.jit.save` is deprecated. Please switch to `torch.export`.", FutureWarning),
    "Python 3.14": ("`torch.jit.script` is not supported in Python 3.14+ and may break. Please …", FutureWarning),
    "no quotes": ("torch.jit.freeze is deprecated", UserWarning),
}
OTHERS = [
    ("`optimize` is deprecated and has no effect", FutureWarning),
    ("torch.load with weights_only=False", FutureWarning),
    ("mine.jit.save is deprecated", DeprecationWarning),
]


@pytest.fixture
def shown():
    """What is shown, from a filter on that shows all."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_hidden_though_a_user_asks_for_all_warnings(shown, name):
    torch_notices.hide()
    warnings.warn(*NOTICES[name], stacklevel=1)
    assert shown == []


@pytest.mark.parametrize("name", NOTICES)
def test_whoever_answers_for_a_worker_hides_them(shown, name):
    Dispatcher(lambda reply: None)
    warnings.warn(*NOTICES[name], stacklevel=1)
    assert shown == []


@pytest.mark.parametrize(("text", "kind"), OTHERS)
def test_other_warnings_are_shown(shown, text, kind):
    torch_notices.hide()
    warnings.warn(text, kind, stacklevel=1)
    assert [str(each.message) for each in shown] == [text]


def test_what_is_not_supported_is_kept_once_and_the_rest_shown(shown):
    torch_notices.hide()
    with torch_notices.unsupported() as said:
        for _ in range(2):
            for text, kind in (*NOTICES.values(), OTHERS[0]):
                warnings.warn(text, kind, stacklevel=1)
    assert said == [NOTICES["Python 3.14"][0]]
    assert {str(each.message) for each in shown} == {OTHERS[0][0]}


def test_what_is_not_supported_is_kept_where_it_breaks_too():
    said = []
    with pytest.raises(ZeroDivisionError):
        breaks(said)
    assert said == [[NOTICES["Python 3.14"][0]]]


def breaks(kept: list[list[str]]) -> float:
    with torch_notices.unsupported() as said:
        kept.append(said)
        warnings.warn(*NOTICES["Python 3.14"], stacklevel=1)
        return 1 / 0


STEPS = ("checkpoints/save[medium=memory,what=torchscript]", "checkpoints/load[medium=memory,what=torchscript]")


@pytest.mark.parametrize("key", STEPS)
def test_a_step_that_calls_what_is_deprecated_is_as_fast_with_warnings_on_as_off(shown, key):
    """torch 2.14 against itself was told 4 % slower with its notices than without them."""
    dispatcher, case = Dispatcher(lambda reply: None), Case.from_key(key)
    opened = dispatcher.answer(Open(case.key, find()[case.workload].source, Settings(block_s=2e-3, warm_cap_s=0.2)))
    assert isinstance(opened, Opened)
    times = {"always": [], "ignore": []}
    for turn in range(80):
        for action, found in times.items():
            with warnings.catch_warnings():
                warnings.simplefilter(action)
                torch_notices.hide()
                found += [block.total_ns / block.steps for block in dispatcher.answer(Visit(case.key)).blocks]
        alike = min(times["always"]) == pytest.approx(min(times["ignore"]), rel=0.15)
        if turn >= 7 and alike:  # beside other programs it takes more turns until each was once left alone
            break
    assert isinstance(dispatcher.answer(Close(case.key)), Closed)
    assert [each for each in shown if "torch.jit" in str(each.message)] == []
    assert alike, times
