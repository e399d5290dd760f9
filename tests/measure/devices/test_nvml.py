"""A GPU's own account of its state, from a library that answers as NVML does."""

from __future__ import annotations

import itertools
import sys
import types
from pathlib import Path

import pynvml
import pytest
import torch

from bench.analyse.noise import machine_findings
from bench.measure import devices
from bench.measure.author.import_workload import module_of
from bench.measure.devices.cpu import Cpu
from bench.measure.devices.nvml import DeviceCondition
from bench.measure.devices.processor_condition import Condition, summary
from bench.measure.dispatcher import Dispatcher
from bench.measure.machine import facts
from bench.plan.catalog import find
from bench.present.tables.machine_report import capability_lines
from bench.protocol import Close, Closed, Open, Opened, Visit, Visited
from bench.protocol.capabilities import GPU_STATE
from bench.records import Case, Settings
from tests.simulated import SimulatedClock

GPU = torch.device("cuda", 0)

CALLS = {
    "clock rate": "nvmlDeviceGetClockInfo",
    "temperature": "nvmlDeviceGetTemperature",
    "power": "nvmlDeviceGetPowerUsage",
    "event reasons": "nvmlDeviceGetCurrentClocksEventReasons",
}
"""The call behind each reading."""

CODES = [
    pynvml.NVML_ERROR_NOT_SUPPORTED,
    pynvml.NVML_ERROR_FUNCTION_NOT_FOUND,
    pynvml.NVML_ERROR_GPU_IS_LOST,
    pynvml.NVML_ERROR_NO_PERMISSION,
    pynvml.NVML_ERROR_UNKNOWN,
]
SUBSETS = [each for count in range(5) for each in itertools.combinations(CALLS, count)]


def refusing(code: int):
    """A call of NVML that fails with one of its codes."""

    def call(*_):
        raise pynvml.NVMLError(code)

    return call


def library(reasons: int = 0, broken: bool = False, **calls):
    """A library that answers as NVML does; `calls` stand in the place of its own."""

    def init():
        if broken:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    own = types.SimpleNamespace(
        NVMLError=pynvml.NVMLError, NVML_CLOCK_SM=1, NVML_TEMPERATURE_GPU=0, nvmlInit=init,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetCurrentClocksEventReasons=lambda handle: reasons,
        nvmlDeviceGetClockInfo=lambda handle, kind: 1755,
        nvmlDeviceGetTemperature=lambda handle, kind: 61,
        nvmlDeviceGetPowerUsage=lambda handle: 401_000,
    )  # fmt: skip
    return types.SimpleNamespace(**vars(own) | calls)


@pytest.fixture(autouse=True)
def properties(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(uuid="12-34"))


def test_rate_heat_and_power_are_told_in_their_units():
    found = DeviceCondition(GPU, library()).read()
    assert found == Condition(mhz=1755.0, celsius=61.0, watts=401.0)


@pytest.mark.parametrize(
    ("reasons", "slowed", "capped"),
    [
        (0x4, (), True),
        (0x8, ("hardware slowdown",), False),
        (0x20 | 0x40, ("software thermal", "hardware thermal"), False),
        (0x1, (), False),  # idle
    ],
)
def test_heat_and_faults_are_told_from_a_power_cap(reasons, slowed, capped):
    found = DeviceCondition(GPU, library(reasons)).read()
    assert (found.slowed, found.capped) == (slowed, capped)


def test_a_library_that_does_not_answer_is_a_reason_and_no_number():
    condition = DeviceCondition(GPU, library(broken=True))
    assert condition.read() == Condition()
    assert "Driver Not Loaded" in condition.reason


def test_without_the_library_there_is_a_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    condition = DeviceCondition(GPU)
    assert condition.read() == Condition()
    assert "not installed" in condition.reason


# --- each reading stands alone --------------------------------------------------------------------------------------

WHOLE = {"clock rate": 1755.0, "temperature": 61.0, "power": 401.0, "event reasons": ("hardware thermal",)}
FIELDS = {"clock rate": "mhz", "temperature": "celsius", "power": "watts", "event reasons": "slowed"}


def expected(refused) -> Condition:
    """The state without the readings that fail."""
    kept = {FIELDS[name]: value for name, value in WHOLE.items() if name not in refused}
    return Condition(**kept)


def failing(refused, code: int, reasons: int = 0x40):
    return library(reasons, **{CALLS[name]: refusing(code) for name in refused})


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("refused", SUBSETS, ids=lambda names: "+".join(names) or "none")
def test_what_fails_is_none_with_its_reason_and_the_rest_is_read(refused, code):
    condition = DeviceCondition(GPU, failing(refused, code))
    assert condition.read() == condition.read() == expected(refused)
    why = str(pynvml.NVMLError(code))
    assert condition.missing == dict.fromkeys(refused, why)
    assert summary([condition.read()]).get("unread", {}) == dict.fromkeys(refused, why)
    assert condition.reason.count(why) == len(refused)


class HostWithGpuState(Cpu):
    """The host, whose state is that of a GPU: what reads it is then what reads a GPU."""

    def __init__(self, clock, condition: DeviceCondition) -> None:
        super().__init__(clock)
        self._condition = condition


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("refused", SUBSETS, ids=lambda names: "+".join(names) or "none")
def test_a_case_is_ok_and_the_doctor_names_what_is_missing(refused, code, monkeypatch):
    """From the driver to the rows: a case is opened, visited and closed, whatever NVML refuses."""
    answering = failing(refused, code, reasons=0)
    monkeypatch.setitem(sys.modules, "pynvml", answering)
    monkeypatch.setattr(devices, "device_for", lambda name, clock: HostWithGpuState(clock, DeviceCondition(GPU)))
    file = Path(__file__).parents[2] / "workload_files" / "recorded.py"
    source = find([file], installed=False)["recorded/ordered"].source
    clock = module_of(source).ordered.clock = SimulatedClock(cost_ns=20)
    dispatcher = Dispatcher(lambda stage: None, clock)
    key = Case.of("recorded/ordered", {"resets": False}).key
    settings = Settings(warm_s=0.005, warm_cap_s=0.05)
    assert isinstance(dispatcher.answer(Open(key, source, settings, count=False, memory=False)), Opened)
    visited = dispatcher.answer(Visit(key))
    assert isinstance(visited, Visited)
    assert any(block.kept for block in visited.blocks)
    closed = dispatcher.answer(Close(key))
    assert isinstance(closed, Closed)
    why = str(pynvml.NVMLError(code))
    assert closed.facts["condition"].get("unread", {}) == dict.fromkeys(refused, why)
    assert ("watts_high" in closed.facts["condition"]) == ("power" not in refused)

    monkeypatch.setattr(devices, "why_not", lambda name: "")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    capable = facts.capabilities()
    assert bool(capable[GPU_STATE]) == bool(refused)
    assert all(f"no {name} ({why})" in capable[GPU_STATE] for name in refused)
    (line,) = [line for line in capability_lines(capable) if GPU_STATE in line]
    assert all(name in line for name in refused)
    found = machine_findings(READING, MACHINE, capable)
    said = [finding for finding in found if finding.check == "no-state-of-the-GPU"]
    assert [finding.message for finding in said] == ([capable[GPU_STATE]] if refused else [])
    assert not any("skipped" in finding.advice for finding in said)


READING = {"spread": 0.0, "drift": 0.0, "foreign_load": 0.0, "block_s": 1e-3, "clock_resolution_s": 1e-9}
MACHINE = {"cpu": {"governor": None, "turbo": None, "hypervisor": False}}


def test_a_reading_that_comes_back_is_read_again():
    answering = library(nvmlDeviceGetTemperature=refusing(pynvml.NVML_ERROR_GPU_IS_LOST))
    condition = DeviceCondition(GPU, answering)
    assert condition.read().celsius is None
    answering.nvmlDeviceGetTemperature = lambda handle, kind: 64
    assert condition.read().celsius == 64.0
    assert condition.missing == {"temperature": "GPU is lost"}


def test_a_driver_before_535_tells_event_reasons_by_their_older_name():
    older = library(nvmlDeviceGetCurrentClocksThrottleReasons=lambda handle: 0x8 | 0x4,
                    nvmlDeviceGetCurrentClocksEventReasons=refusing(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND))  # fmt: skip
    condition = DeviceCondition(GPU, older)
    found = condition.read()
    assert (found.slowed, found.capped, condition.reason) == (("hardware slowdown",), True, "")
    del older.nvmlDeviceGetCurrentClocksEventReasons  # as in bindings of that time
    assert DeviceCondition(GPU, older).read() == found


def test_a_binding_without_the_call_is_a_reason():
    without = library()
    del without.nvmlDeviceGetCurrentClocksEventReasons
    condition = DeviceCondition(GPU, without)
    assert condition.read().mhz == 1755.0
    assert "nvmlDeviceGetCurrentClocksEventReasons" in condition.missing["event reasons"]


# --- which card it is -----------------------------------------------------------------------------------------------


def by_uuid(known: str):
    """A library that knows one device."""
    asked = []

    def handle(uuid):
        asked.append(uuid)
        if uuid != known:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return uuid

    return handle, asked


@pytest.mark.parametrize("told", ["12-34", "GPU-12-34"])
def test_a_card_is_found_by_its_uuid_however_torch_writes_it(told, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(uuid=told))
    handle, asked = by_uuid("GPU-12-34")
    condition = DeviceCondition(GPU, library(nvmlDeviceGetHandleByUUID=handle))
    assert (condition.reason, asked) == ("", ["GPU-12-34"])


@pytest.mark.parametrize("told", ["56-78", "MIG-56-78"])
def test_an_instance_of_mig_is_read_by_its_card(told, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(uuid=told))
    handle, _ = by_uuid("MIG-56-78")

    def rate(handle, kind):
        if handle != "the card":
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return 1755

    cards = {"nvmlDeviceGetHandleByUUID": handle, "nvmlDeviceGetClockInfo": rate}
    lone = DeviceCondition(GPU, library(**cards))
    assert (lone.read().mhz, lone.missing) == (None, {"clock rate": "Not Supported"})
    whole = library(nvmlDeviceGetDeviceHandleFromMigDeviceHandle=lambda instance: "the card", **cards)
    assert DeviceCondition(GPU, whole).read().mhz == 1755.0


def test_a_card_that_nvml_does_not_know_is_a_reason():
    handle, asked = by_uuid("GPU-another")
    condition = DeviceCondition(GPU, library(nvmlDeviceGetHandleByUUID=handle))
    assert condition.read() == Condition()
    assert condition.reason.startswith("NVML does not answer (Not Found)")
    assert asked == ["GPU-12-34", "MIG-12-34"]


def test_each_of_several_cards_is_named_by_the_doctor(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", library(nvmlDeviceGetPowerUsage=of_first_card_alone))
    monkeypatch.setattr(torch.cuda, "get_device_properties",
                        lambda device: types.SimpleNamespace(uuid=str(device.index)))  # fmt: skip
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(devices, "why_not", lambda name: "")
    assert facts.capabilities()[GPU_STATE] == "cuda:1: NVML gives no power (Not Supported)"


def of_first_card_alone(handle):
    if handle != "GPU-0":
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
    return 401_000
