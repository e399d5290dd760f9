"""The tables of a run: sealing its journal into Parquet, and reading either back as pandas frames."""

from __future__ import annotations

import io
import itertools
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bench.records import IMPORT, Block, BlockPair, CaseLaunch, Outcome, UserError
from bench.store import journal, runs, schema


@dataclass
class RunData:
    """A run as read: `run.json`, its tables, and what could not be read."""

    folder: Path
    run: dict[str, Any]
    blocks: pd.DataFrame
    launches: pd.DataFrame
    pairs: pd.DataFrame
    """Block pairs of a run in lockstep; without rows in other runs."""
    sessions: list[dict[str, Any]] = field(default_factory=list)
    """Time that each process spent measuring the run, oldest first."""
    problems: list[str] = field(default_factory=list)


def read(folder: Path, lean: bool = False) -> RunData:
    """Read a run, sealed or not. Raises `UserError` for a newer schema or a damaged Parquet file, which it names.

    lean: of the blocks of a sealed run, read only what medians of launches need, with texts as categories; a history
    reads hundreds of runs.
    """
    run = runs.read(folder)
    lean = lean and not (folder / journal.NAME).exists()
    blocks = _read_parquet(folder / "blocks.parquet", schema.BLOCKS, schema.MEDIAN_BLOCKS if lean else None)
    launches = _read_parquet(folder / "launches.parquet", schema.LAUNCHES)
    pairs = _read_parquet(folder / "pairs.parquet", schema.PAIRS)
    sessions = {item["started"]: item for item in run.get("sessions", [])}
    known = list(run.get("problems", []))
    if not (folder / journal.NAME).exists():
        return RunData(folder, run, blocks, _without_old_peaks(launches, run), pairs, list(sessions.values()), known)
    contents = journal.read(folder)
    sessions |= {item["started"]: item for item in contents.sessions}
    return RunData(
        folder,
        run,
        _joined(blocks, [asdict(block) for block in contents.blocks], schema.BLOCKS, schema.BLOCK_IDENTITY),
        _without_old_peaks(
            _joined(
                launches,
                [schema.flat(record) for record in contents.launches],
                schema.LAUNCHES,
                schema.LAUNCH_IDENTITY,
            ),
            run,
        ),
        _joined(pairs, [asdict(pair) for pair in contents.block_pairs], schema.PAIRS, schema.PAIR_IDENTITY),
        list(sessions.values()),
        list(dict.fromkeys([*known, *contents.problems])),
    )


def _without_old_peaks(launches: pd.DataFrame, run: Mapping[str, Any]) -> pd.DataFrame:
    """The launches without host peaks of old schemas, which include what the process loaded meanwhile."""
    if run["schema"] >= schema.OWN_PEAKS:
        return launches
    return launches.assign(host_peak_bytes=pd.Series(None, launches.index, schema.LAUNCHES["host_peak_bytes"]))


def seal(data: RunData, changes: Mapping[str, Any]) -> None:
    """Turn a run that was read with its journal into Parquet, and delete the journal; `changes` go into `run.json`.

    Each file is replaced as a whole and the journal is deleted last: if this is killed in between, sealing again gives
    the same result. Unreadable lines of the journal stay named in `run.json`.
    """
    _write_parquet(data.folder / "blocks.parquet", data.blocks)
    _write_parquet(data.folder / "launches.parquet", data.launches)
    if len(data.pairs):
        _write_parquet(data.folder / "pairs.parquet", data.pairs)
    runs.write(data.folder, {**data.run, "sessions": data.sessions, "problems": data.problems, **changes})
    (data.folder / journal.NAME).unlink(missing_ok=True)


def _joined(
    sealed: pd.DataFrame, rows: Sequence[Mapping[str, Any]], dtypes: Mapping[str, str], identity: Sequence[str]
) -> pd.DataFrame:
    """Sealed rows and those of the journal; a row in both (sealing was interrupted) counts once."""
    if not rows:
        return sealed
    fresh = pd.DataFrame.from_records(rows, columns=list(dtypes)).astype(dict(dtypes))
    both = pd.concat([sealed, fresh], ignore_index=True) if len(sealed) else fresh
    return both.drop_duplicates(list(identity), keep="last", ignore_index=True)


def _read_parquet(path: Path, dtypes: Mapping[str, str], only: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read a table; if `only` is given, just these columns, each text as a category."""
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})
    try:
        frame = pd.read_parquet(path) if only is None else _categories(path, only)
    except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
        first = (str(error).splitlines() or ["no message"])[0]
        raise UserError(f"{path} is damaged and cannot be read: {first}") from None
    added = schema.missing(frame.columns, dtypes if only is None else only)
    return frame.assign(**{name: pd.Series(value, frame.index, dtypes[name]) for name, value in added.items()})


def _categories(path: Path, only: Mapping[str, str]) -> pd.DataFrame:
    import pyarrow.parquet as pq

    there = [name for name in pq.read_schema(path).names if name in only]
    texts = [name for name in there if only[name] == "string"]
    frame: pd.DataFrame = pq.read_table(path, columns=there, read_dictionary=texts).to_pandas()
    return frame


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    runs.replace_whole(path, content.getvalue())


def launches_of(data: RunData) -> list[CaseLaunch]:
    """The rows of `launches.parquet` as the records they were made from."""
    found = []
    for row in data.launches.astype(object).where(data.launches.notna(), None).to_dict("records"):
        nested = {name: json.loads(row[name]) for name in schema.NESTED}
        found.append(schema.launch_of({str(name): value for name, value in row.items()} | nested))
    return found


def records_of(data: RunData) -> tuple[list[CaseLaunch], list[Block]]:
    """The rows of a run as the records they were made from."""
    blocks = [Block(*row) for row in _plain_rows(data.blocks, schema.BLOCKS)]
    return launches_of(data), blocks


def block_pairs_of(data: RunData) -> list[BlockPair]:
    """The rows of `pairs.parquet` as the records they were made from."""
    return [BlockPair(*row) for row in _plain_rows(data.pairs, schema.PAIRS)]


def _plain_rows(frame: pd.DataFrame, dtypes: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """The rows with their columns in this order; a missing number is None."""
    plain = frame[list(dtypes)].copy()
    for name in (name for name, kind in dtypes.items() if kind in ("Int64", "Float64", "boolean")):
        column = plain[name].astype(object)
        plain[name] = column.where(column.notna(), None)
    return plain.itertuples(index=False, name=None)


def past_costs(results: Path, fingerprint: str, most: int = 5) -> dict[str, float]:
    """Median seconds of one launch of each case, from the latest `most` runs of this machine below `results`."""
    costs: dict[str, list[float]] = {}
    folders = sorted(results.glob("*/launches.parquet"), reverse=True)
    readable = (data for path in folders if (data := _readable(path.parent)) is not None)
    own = (data for data in readable if "imported" not in data.run)  # other tools do not record costs
    alike = (data for data in own if data.run.get("fingerprint") == fingerprint)
    for data in itertools.islice(alike, most):
        for record in launches_of(data):
            if record.outcome == Outcome.OK:
                stages = (seconds for stage, seconds in record.seconds.items() if stage != IMPORT)
                costs.setdefault(record.key, []).append(sum(stages))
    return {key: statistics.median(seen) for key, seen in costs.items()}


def _readable(folder: Path) -> RunData | None:
    """The run, or None if it cannot be read: an estimate of time must not fail on an old run."""
    try:
        return read(folder)
    except UserError:
        return None
