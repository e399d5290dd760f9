"""What the worker says of its machine."""

from bench.measure.machine import facts
from bench.protocol.placement import text_of


def test_the_facts_are_plain_values_that_travel_as_json():
    import json

    told = facts.facts()
    assert json.loads(json.dumps(told)) == told
    assert told["cpu"]["physical"] >= 1
    assert told["torch"]["version"]
    assert told["memory_bytes"] > 2**28
    assert told["placement"]["cpus"] == text_of(told["cpu"]["affinity"])


def test_variables_that_steer_torch_its_compilers_or_the_allocator_are_facts(monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_MAX_AUTOTUNE", "1")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET_OF_THE_USER", "not told")
    told = facts.facts()["environment"]
    assert (told["TORCHINDUCTOR_MAX_AUTOTUNE"], told["LD_PRELOAD"]) == ("1", "")
    assert "not told" not in told.values()
