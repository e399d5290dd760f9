"""Which environment variables are recorded, and which make two runs unlike."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.measure.settings import variables
from bench.runner.worker import environment

SECRETS = {"HOME": "/home/me", "AWS_SECRET_ACCESS_KEY": "x", "TORCH_HUB_TOKEN": "x", "TORCHINDUCTOR_REDIS_URL": "x"}


def test_nothing_is_recorded_that_is_not_on_the_list():
    assert variables.recorded({**SECRETS, "PATH": "/bin", "PYTHONPATH": "/mine"}) == {}


@pytest.mark.parametrize(
    "name",
    [
        "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR",
        "MKL_DEBUG_CPU_TYPE", "OPENBLAS_CORETYPE", "KMP_AFFINITY", "GOMP_SPINCOUNT", "MALLOC_ARENA_MAX",
        "GLIBC_TUNABLES", "PYTORCH_CUDA_ALLOC_CONF", "PYTHONMALLOC", "PYTHONHASHSEED", "CUDA_LAUNCH_BLOCKING",
        "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG", "TORCH_COMPILE_DISABLE",
        "TORCHDYNAMO_DISABLE", "TORCHINDUCTOR_MAX_AUTOTUNE", "PYTORCH_JIT", "TORCH_LOGS", "PYTHONOPTIMIZE",
        "PYTHONDEVMODE", "PYTHONTRACEMALLOC", "PYTHONFAULTHANDLER",
    ],
)  # fmt: skip
def test_what_steers_is_recorded_and_compared(name):
    assert variables.recorded({name: "1"}) == variables.chosen_by_user({name: "1"}) == {name: "1"}


@pytest.mark.parametrize("name", ["CUDA_VISIBLE_DEVICES", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUDA_HOME"])
def test_what_says_where_something_lies_is_recorded_and_not_compared(name):
    assert variables.recorded({name: "x"}) == {name: "x"}
    assert variables.chosen_by_user({name: "x"}) == {}


def test_of_a_library_that_is_loaded_first_the_name_of_its_file_is_kept():
    found = variables.chosen_by_user({"LD_PRELOAD": "/home/me/libjemalloc.so.2:/opt/secret/libother.so"})
    assert found == {"LD_PRELOAD": "libjemalloc.so.2 libother.so"}


def test_what_the_harness_sets_for_its_workers_is_no_choice_of_the_user(monkeypatch):
    monkeypatch.setattr("os.environ", {})
    for threads in (1, 2):
        assert variables.chosen_by_user(environment(threads, Path("cache"))) == {}
