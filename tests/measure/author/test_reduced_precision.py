"""Precision by a switch: what a workload declares, what is said where it does not, and what goes beyond it."""

from pathlib import Path

import pytest
import torch

from bench.measure.author.reduced_precision import advice, narrower
from bench.measure.author.tolerance import FORMATS, TOLERANCE, format_of, relative_error, tolerance_of
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Inspect, Open, Opened, Refused, Visit
from bench.records import Case, Settings
from tests.tf32 import to_tf32

FILE = Path(__file__).parents[2] / "workload_files" / "precision.py"
FOUND = find([FILE], installed=False)
CPU = torch.device("cpu")
SETTINGS = Settings(warm_s=0.001, warm_cap_s=0.005, block_s=1e-5)


def opened(name, **axes):
    """The reply to opening a case in this process."""
    dispatcher = Dispatcher(lambda stage: None)
    key = Case.of(f"precision/{name}", axes).key
    reply = dispatcher.answer(Open(key, FOUND[f"precision/{name}"].source, SETTINGS, count=False, memory=False))
    return dispatcher, key, reply


@pytest.mark.parametrize("amp", [False, True])
def test_a_step_under_autocast_is_right_once_its_author_declares_it(amp):
    dispatcher, key, reply = opened("declared", amp=amp)
    assert isinstance(reply, Opened)
    assert reply.facts["tolerance"] == TOLERANCE[torch.bfloat16 if amp else torch.float32]
    assert reply.facts["work"].get("compute_dtype") == ("bfloat16" if amp else None)
    assert dispatcher.answer(Visit(key)).blocks
    closed = dispatcher.answer(Close(key))
    assert isinstance(closed, Closed)
    assert (closed.facts["error_after"] > TOLERANCE[torch.float32]) is amp


def test_without_a_declaration_it_is_wrong_and_its_author_reads_what_to_declare():
    _, _, reply = opened("undeclared", amp=True)
    assert isinstance(reply, Refused)
    assert reply.outcome == "wrong"
    assert "above the tolerance 5e-05 of float32" in reply.reason
    assert "computes in bfloat16" in reply.reason
    assert "compute_dtype=torch.bfloat16 if amp else None" in reply.reason
    assert "0.06" in reply.reason


def test_the_value_that_switches_nothing_stays_as_strict_as_before():
    _, _, reply = opened("undeclared", amp=False)
    assert reply.facts["tolerance"] == TOLERANCE[torch.float32]


@pytest.mark.parametrize(("off", "outcome"), [(0.05, "ok"), (0.07, "wrong")])
def test_an_error_beyond_the_declared_tolerance_is_wrong(off, outcome):
    _, _, reply = opened("beyond", off=off)
    assert (reply.outcome if isinstance(reply, Refused) else "ok") == outcome
    if outcome == "wrong":
        assert "above the tolerance 0.06 of bfloat16" in reply.reason


def test_a_plain_mistake_is_not_taken_for_reduced_precision():
    a = torch.ones(8, 8)
    assert narrower(lambda: a @ a * 1.001, torch.float32, CPU) == ""
    assert advice("", 1e-3, torch.float32, {"amp": True}) == ""


def test_an_error_that_the_format_does_not_explain_gets_no_advice():
    assert advice("bfloat16", 0.5, torch.float32, {"amp": True}) == ""


def test_the_format_is_seen_below_autocast_and_in_a_plain_cast():
    a = torch.ones(8, 8)

    def cast():
        with torch.autocast("cpu", torch.float16):
            return (a @ a).float()

    assert narrower(cast, torch.float32, CPU) == "float16"
    assert narrower(lambda: a.bfloat16().float(), torch.float32, CPU) == "bfloat16"


def test_a_case_of_a_half_has_nothing_to_declare():
    a = torch.ones(8, 8, dtype=torch.bfloat16)
    assert narrower(lambda: a @ a, torch.bfloat16, CPU) == ""


def test_two_switches_are_not_guessed_from():
    said = advice("bfloat16", 1e-3, torch.float32, {"amp": True, "fused": True})
    assert "compute_dtype=torch.bfloat16;" in said.replace(")", ";")
    assert " if " not in said.partition("Prepared")[2]


def test_a_wider_declaration_does_not_narrow_the_tolerance():
    assert tolerance_of(torch.float32, torch.float64) == TOLERANCE[torch.float32]
    assert tolerance_of(torch.bfloat16, "tf32") == TOLERANCE[torch.bfloat16]


def test_a_format_without_a_tolerance_is_refused_with_those_that_have_one():
    with pytest.raises(ValueError, match=r"has no tolerance: it is one of torch\.float64, .*'tf32'"):
        format_of(torch.int8)
    _, _, reply = opened("names_a_format", form="float8_e4m3fn")
    assert isinstance(reply, Refused)
    assert "compute_dtype='float8_e4m3fn' has no tolerance" in reply.reason


def test_bench_check_tells_its_author_too():
    source = FOUND["precision/undeclared"].source
    key = Case.of("precision/undeclared", {"amp": True}).key
    (fault,) = Dispatcher(lambda stage: None).answer(Inspect(key, source, SETTINGS)).faults
    assert fault.rule == "its answer is right"
    assert "compute_dtype=torch.bfloat16 if amp else None" in fault.message


# --- TF32, whose ten bits of mantissa a CPU can simulate --------------------------------------------------------------


@pytest.mark.parametrize("size", [64, 256, 1024])
def test_a_product_in_tf32_is_right_within_its_tolerance_and_wrong_within_that_of_float32(size):
    torch.manual_seed(0)
    a, b = torch.randn(size, size), torch.randn(size, size)
    error = relative_error(to_tf32(a) @ to_tf32(b), a.double() @ b.double())
    assert TOLERANCE[torch.float32] < error < FORMATS["tf32"]


@pytest.mark.parametrize("bits", [4, 5])
def test_a_product_of_far_fewer_bits_is_wrong_within_the_tolerance_of_tf32(bits):
    torch.manual_seed(0)
    a, b = torch.randn(256, 256), torch.randn(256, 256)
    mask = ~((1 << (23 - bits)) - 1)
    cut = [(x.view(torch.int32) & mask).view(torch.float32) for x in (a, b)]
    assert relative_error(cut[0] @ cut[1], a.double() @ b.double()) > FORMATS["tf32"]
