"""Run folders: ids, places, `run.json`, and what makes two runs comparable."""

from __future__ import annotations

import copy
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.records import UserError
from bench.store import runs, schema
from tests.store.conftest import GPU

Facts = dict[str, Any]


def place(results: Path, name: str) -> Path:
    """A run folder with nothing but its run.json."""
    folder = results / name
    runs.create(folder, {"schema": schema.VERSION, "run": name})
    return folder


# --- ids ------------------------------------------------------------------------------------------------------------


def test_an_id_states_its_second_in_utc() -> None:
    assert runs.new_id(datetime(2026, 11, 1, 9, 5, 7, tzinfo=UTC)).startswith("20261101T090507Z-")


def test_ids_sort_by_time() -> None:
    start = datetime(2026, 12, 31, 23, 59, 57, tzinfo=UTC)
    ids = [runs.new_id(start + timedelta(seconds=seconds)) for seconds in range(6)]
    assert ids == sorted(ids)


def test_ids_of_one_second_differ() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert len({runs.new_id(now) for _ in range(200)}) == 200


# --- where a run is -------------------------------------------------------------------------------------------------


def test_without_a_name_it_is_the_latest_run(tmp_path: Path) -> None:
    for name in ("20261101T090507Z-00000001", "20261102T090507Z-00000000", "20261031T090507Z-ffffffff"):
        place(tmp_path, name)
    assert runs.locate(None, tmp_path).name == "20261102T090507Z-00000000"


def test_a_certificate_is_not_the_latest_run(tmp_path: Path) -> None:
    place(tmp_path, "20261101T090507Z-00000001")
    place(tmp_path, "20261109T090507Z-00000001")
    later = tmp_path / "20261109T090507Z-00000001"
    runs.write(later, {**runs.read(later), "certificate": {}})
    assert runs.locate(None, tmp_path).name == "20261101T090507Z-00000001"


def test_what_is_no_run_is_not_the_latest(tmp_path: Path) -> None:
    place(tmp_path, "20261101T090507Z-00000001")
    place(tmp_path, "zz-of-the-user")
    place(tmp_path, "reference")
    (tmp_path / "20261109T090507Z-00000001").mkdir()  # no run.json in it
    assert runs.locate(None, tmp_path).name == "20261101T090507Z-00000001"


def test_without_any_run_it_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="measure one with: bench run"):
        runs.locate(None, tmp_path / "absent")


def test_a_run_is_found_by_its_id(tmp_path: Path) -> None:
    folder = place(tmp_path, "20261101T090507Z-00000001")
    assert runs.locate("20261101T090507Z-00000001", tmp_path) == folder


def test_a_run_is_found_by_its_folder(tmp_path: Path) -> None:
    folder = place(tmp_path, "mine")
    assert runs.locate(folder, tmp_path / "results") == folder
    assert runs.locate(str(folder), tmp_path / "results") == folder


def test_a_reference_table_is_found_by_its_name(tmp_path: Path) -> None:
    folder = place(tmp_path / "reference", "laptop")
    assert runs.locate("reference:laptop", tmp_path) == folder


def test_shipped_tables_are_found_from_everywhere_and_ones_own_come_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, own = tmp_path / "shipped", tmp_path / "results"
    shipped = {name: place(shelf, name) for name in ("laptop", "server")}
    mine = place(own / "reference", "laptop")
    monkeypatch.setattr(runs, "SHIPPED", (shelf,))
    assert runs.references(own) == {"laptop": mine, "server": shipped["server"]}
    assert runs.locate("reference:server", own) == shipped["server"]


def test_an_unknown_reference_table_names_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SHIPPED", ())
    place(tmp_path / "reference", "laptop")
    place(tmp_path / "reference", "server")
    with pytest.raises(UserError, match="no reference table 'phone'; there are: laptop, server"):
        runs.locate("reference:phone", tmp_path)


def test_without_reference_tables_there_are_none_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SHIPPED", ())
    with pytest.raises(UserError, match="none yet"):
        runs.locate("reference:phone", tmp_path)


def test_an_unknown_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run 'nonsense'"):
        runs.locate("nonsense", tmp_path)


def test_a_name_longer_than_names_may_be_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        runs.locate("x" * 300, tmp_path)


# --- run.json -------------------------------------------------------------------------------------------------------


def test_run_json_reads_back(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    runs.create(folder, {"schema": schema.VERSION, "machine": "größer"})
    assert runs.read(folder) == {"schema": schema.VERSION, "machine": "größer"}


def test_a_folder_without_run_json_holds_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no run \(no run.json\)"):
        runs.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"schema": 1', b"[]", b"3", b"\xff\xfe"])
def test_a_corrupt_run_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UserError, match=r"run\.json cannot be read"):
        runs.read(tmp_path)


def test_a_newer_run_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(f'{{"schema": {schema.VERSION + 1}}}')
    with pytest.raises(
        UserError, match=f"has schema {schema.VERSION + 1}; this coursebench reads up to {schema.VERSION}"
    ):
        runs.read(tmp_path)


def test_a_run_json_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"name": "mine"}')
    with pytest.raises(UserError, match="states no schema version"):
        runs.read(tmp_path)


# --- replacing a file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("owner", "step"), [(runs.os, "fsync"), (Path, "replace")])
def test_a_file_whose_replacement_is_killed_is_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    path = tmp_path / "file"
    runs.replace_whole(path, b"old")

    def die(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(owner, step, die)
    with pytest.raises(OSError, match="no space"):
        runs.replace_whole(path, b"new, and longer")
    assert path.read_bytes() == b"old"


def test_a_replaced_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(runs.os, "fsync", lambda number: (done.append("sync"), sync(number)))
    monkeypatch.setattr(Path, "replace", lambda path, target: (done.append("rename"), replace(path, target)))
    runs.replace_whole(tmp_path / "file", b"new")
    assert done == ["sync", "rename"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- folders that cannot be written ---------------------------------------------------------------------------------


def test_a_folder_yet_to_be_made_is_fine_and_is_not_made(tmp_path: Path) -> None:
    runs.refuse_unwritable(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_fine_and_stays_empty(tmp_path: Path) -> None:
    runs.refuse_unwritable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_is_looked_for_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs.refuse_unwritable(Path("a/b"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("dear")
    with pytest.raises(UserError, match="is not empty"):
        runs.refuse_unwritable(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        runs.refuse_unwritable(tmp_path / "file")


@pytest.mark.parametrize("below", ["file/run", "file/a/run"])
def test_below_a_file_nothing_can_be_written(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        runs.refuse_unwritable(tmp_path / below)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_name_longer_than_names_may_be_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        runs.refuse_unwritable(tmp_path / ("x" * 300))


def test_a_run_is_not_created_over_another(tmp_path: Path) -> None:
    folder = place(tmp_path, "mine")
    before = (folder / "run.json").read_bytes()
    with pytest.raises(UserError, match="is not empty"):
        runs.create(folder, {"schema": schema.VERSION, "run": "another"})
    assert (folder / "run.json").read_bytes() == before


# --- machines -------------------------------------------------------------------------------------------------------


def changed(facts: Facts, path: str, value: object) -> Facts:
    """The facts with the one at `a.b.c` changed."""
    new = copy.deepcopy(facts)
    *outer, last = path.split(".")
    part = new
    for name in outer:
        part = part[name]
    part[last] = value
    return new


def test_a_fingerprint_is_sixteen_hex_digits(facts: Facts) -> None:
    assert len(runs.fingerprint(facts)) == 16
    int(runs.fingerprint(facts), 16)


def test_a_fingerprint_does_not_depend_on_the_order_of_facts(facts: Facts) -> None:
    assert runs.fingerprint(dict(reversed(facts.items()))) == runs.fingerprint(facts)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("load", {"average": [9.0, 9.0, 9.0], "pressure": ["some"]}),
        ("cpu.mhz", 3100.5),
        ("cpu.affinity", [4, 5, 6, 7]),
        ("environment", {"OMP_NUM_THREADS": "2"}),
        ("torch.threads", 8),
        ("libraries.coursebench", "0.2.0"),
    ],
)
def test_a_fingerprint_ignores_what_changes_by_the_hour(facts: Facts, path: str, value: object) -> None:
    assert runs.fingerprint(changed(facts, path, value)) == runs.fingerprint(facts)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cpu.model", "AMD EPYC 7763 64-Core Processor"),
        ("cpu.physical", 4),
        ("cpu.logical", 8),
        ("cpu.affinity", [0, 1]),
        ("cpu.governor", "powersave"),
        ("cpu.turbo", True),
        ("memory_bytes", 32 << 30),
        ("os.release", "6.2.0"),
        ("container", "docker"),
        ("python.version", "3.12.0"),
        ("torch.version", "2.14.0"),
        ("torch.cpu_capability", "AVX512"),
        ("torch.numerics", {"matmul": "high"}),
        ("torch.build", "clang"),
        ("libraries.numpy", "2.5"),
        ("cuda", [GPU]),
    ],
)
def test_a_fingerprint_sees_what_makes_numbers_incomparable(facts: Facts, path: str, value: object) -> None:
    assert runs.fingerprint(changed(facts, path, value)) != runs.fingerprint(facts)


def test_a_fingerprint_sees_another_gpu_and_another_driver(facts: Facts) -> None:
    machines = [[GPU], [GPU, GPU], [{**GPU, "name": "NVIDIA A100"}], [{**GPU, "driver": "580.0"}]]
    assert len({runs.fingerprint({**facts, "cuda": gpus}) for gpus in machines}) == 4


@pytest.mark.parametrize(
    ("model", "cores", "gpus", "name"),
    [
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", 2, [], "2-core Intel Xeon"),
        ("AMD EPYC 7763 64-Core Processor", 16, [], "16-core AMD EPYC 7763"),
        ("AMD EPYC Processor", 2, [], "2-core AMD EPYC"),
        ("13th Gen Intel(R) Core(TM) i7-13700H", 14, [], "14-core 13th Gen Intel Core i7-13700H"),
        ("arm", 8, [], "8-core arm"),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", 16, [GPU], "16-core Intel Xeon + NVIDIA H200"),
        ("AMD EPYC Processor", 16, [GPU, GPU], "16-core AMD EPYC + NVIDIA H200 ×2"),
    ],
)
def test_a_machine_has_a_name_for_people(facts: Facts, model: str, cores: int, gpus: list[Facts], name: str) -> None:
    facts["cpu"] |= {"model": model, "physical": cores}
    assert runs.machine_name({**facts, "cuda": gpus}) == name


def test_no_temporary_file_stays_after_a_run_was_created(tmp_path: Path) -> None:
    assert [path.name for path in place(tmp_path, "mine").iterdir()] == ["run.json"]


def test_the_latest_run_is_found_whatever_its_folder_is_called(tmp_path: Path) -> None:
    place(tmp_path, "20261101T090507Z-00000001")
    named = tmp_path / "demo"
    named.mkdir()
    (named / "run.json").write_text('{"schema": 1, "run": "20261102T090507Z-00000001"}')
    assert runs.locate(None, tmp_path) == named
