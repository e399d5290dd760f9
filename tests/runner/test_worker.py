"""What a worker is started with."""

from __future__ import annotations

from pathlib import Path

from bench.runner.worker import environment


def test_a_compile_cache_is_named_whole_wherever_the_compiler_is_started():
    found = environment(1, Path("results/run/cache"))
    for name, folder in (("TORCHINDUCTOR_CACHE_DIR", "inductor"), ("TRITON_CACHE_DIR", "triton")):
        assert Path(found[name]) == Path.cwd() / "results" / "run" / "cache" / folder


def test_without_a_cache_the_users_own_stays(monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "mine")
    assert environment(1, None)["TORCHINDUCTOR_CACHE_DIR"] == "mine"
