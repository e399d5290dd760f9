"""A GPU's own account of its state, from a library that answers as NVML does."""

from __future__ import annotations

import types

import pytest
import torch

from bench.measure.devices.nvml import DeviceCondition
from bench.measure.devices.processor_condition import Condition


class NvmlError(Exception):
    pass


def library(reasons: int = 0, broken: bool = False):
    def init():
        if broken:
            raise NvmlError("driver not loaded")

    return types.SimpleNamespace(
        NVMLError=NvmlError, NVML_CLOCK_SM=1, NVML_TEMPERATURE_GPU=0, nvmlInit=init,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetCurrentClocksEventReasons=lambda handle: reasons,
        nvmlDeviceGetClockInfo=lambda handle, kind: 1755,
        nvmlDeviceGetTemperature=lambda handle, kind: 61,
        nvmlDeviceGetPowerUsage=lambda handle: 401_000,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def properties(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(uuid="12-34"))


def test_rate_heat_and_power_are_told_in_their_units():
    found = DeviceCondition(torch.device("cuda", 0), library()).read()
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
    found = DeviceCondition(torch.device("cuda", 0), library(reasons)).read()
    assert (found.slowed, found.capped) == (slowed, capped)


def test_a_library_that_does_not_answer_is_a_reason_and_no_number():
    condition = DeviceCondition(torch.device("cuda", 0), library(broken=True))
    assert condition.read() == Condition()
    assert "driver not loaded" in condition.reason


def test_without_the_library_there_is_a_reason(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pynvml", None)
    condition = DeviceCondition(torch.device("cuda", 0))
    assert condition.read() == Condition()
    assert "not installed" in condition.reason
