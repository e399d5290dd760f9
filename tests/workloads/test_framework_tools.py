"""frameworks: what each needs, and what it must leave as it was: threads, environment, precision."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
import torch

from bench.measure.author.context import CaseContext, Skip
from bench.runner.worker import environment
from workloads import frameworks
from workloads._frameworks import jax_cpu

EXTRA = "pip install 'coursebench[frameworks]'"


def needs(framework):
    """Skip the test where the framework is not installed.

    Not by `importorskip`, which imports: keras on its default backend, TensorFlow, fails at that, installed or not.
    """
    for name in frameworks.NEEDED.get(framework, ()):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: {EXTRA}")


THREADS = """
import os, sys
from workloads._frameworks.jax_cpu import import_jax
jax = import_jax(int(sys.argv[1]))
jax.jit(lambda x: x @ x)(jax.numpy.ones((300, 300))).block_until_ready()
print(sum("XLAEigen" in open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")))
assert "NPROC" not in os.environ
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads by Linux' /proc")
@pytest.mark.parametrize("threads", [1, 3])
def test_jax_begins_with_as_many_threads_as_the_case_has(threads):
    needs("jax")
    counted = subprocess.run(
        [sys.executable, "-c", THREADS, str(threads)],
        capture_output=True, text=True, check=True, env={**environment(threads, None)},
    )  # fmt: skip
    assert counted.stdout.strip() == str(threads)


def test_the_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("COURSEBENCH_A", "before")
    monkeypatch.delenv("COURSEBENCH_B", raising=False)
    with jax_cpu.environment(COURSEBENCH_A="within", COURSEBENCH_B="within"):
        assert os.environ["COURSEBENCH_A"] == os.environ["COURSEBENCH_B"] == "within"
    assert os.environ["COURSEBENCH_A"] == "before"
    assert "COURSEBENCH_B" not in os.environ


def test_the_products_of_numpy_take_as_many_threads_as_a_worker_is_given():
    counting = "import numpy, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    counted = subprocess.run(
        [sys.executable, "-c", counting], capture_output=True, text=True, check=True, env=dict(environment(1, None))
    )
    assert counted.stdout.strip() == "{1}"


@pytest.mark.parametrize("make", [frameworks.fit, frameworks.inference])
def test_keras_is_skipped_in_float64(context, make):
    needs("keras")
    with pytest.raises(Skip, match="promotes float64 to float32"):
        make(context(dtype=torch.float64), "keras", "regression", 10)


def test_keras_promotes_float64_to_float32_whatever_its_own_default():
    needs("keras")
    from workloads._frameworks.keras_nets import import_keras

    keras = import_keras(1)
    keras.config.set_floatx("float64")
    promoted = keras.backend.result_type("float64", "float32")
    keras.config.set_floatx("float32")
    assert promoted == "float32"


def test_keras_on_another_backend_is_refused(context, monkeypatch):
    needs("keras")
    from workloads._frameworks.keras_nets import import_keras

    keras = import_keras(1)
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="stays there"):
        import_keras(1)


@pytest.mark.parametrize(("framework", "missing"), [("jax", "jax"), ("keras", "keras"), ("onnxruntime", "onnxscript")])
def test_a_framework_that_is_not_installed_is_skipped_by_name(context, monkeypatch, framework, missing):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(Skip, match=rf"^{missing} is not installed: pip install 'coursebench\[frameworks\]'$"):
        frameworks.inference(context(), framework, "regression", 32)


def test_an_import_that_fails_inside_an_installed_framework_is_not_hidden(context, monkeypatch):
    needs("jax")
    monkeypatch.setitem(sys.modules, "workloads._frameworks.jax_nets", None)
    with pytest.raises(ImportError):
        frameworks.inference(context(), "jax", "regression", 32)


@pytest.mark.parametrize("framework", ["numpy", "sklearn"])
def test_only_torch_is_put_on_a_device(framework):
    ctx = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "frameworks/fit[device=cuda]")
    with pytest.raises(Skip, match="computes on the CPU here"):
        frameworks.fit(ctx, framework, "regression", 10)


def test_onnx_runtime_does_not_train(context):
    with pytest.raises(Skip, match="does not train"):
        frameworks.fit(context(), "onnxruntime", "regression", 10)


def test_a_framework_nobody_wrote_is_an_error(context):
    with pytest.raises(ValueError, match="no framework 'abacus'"):
        frameworks.inference(context(), "abacus", "regression", 32)
