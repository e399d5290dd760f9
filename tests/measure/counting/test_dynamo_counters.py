import tempfile

from bench.measure.counting.dynamo_counters import precompiled_headers


def test_headers_that_were_precompiled_on_this_machine_are_counted(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert precompiled_headers() == 0
    folder = tmp_path / "torchinductor_someone" / "precompiled_headers"
    folder.mkdir(parents=True)
    for name in ("a.h", "a.h.gch", "b.h", "b.h.gch"):
        (folder / name).touch()
    assert precompiled_headers() == 2
