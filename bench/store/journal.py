"""The journal: what a run has measured so far, one JSON object per line, flushed after each visit.

Kinds of line: `session` (a process began or resumed the run) and `spent` (what that cost), `visit` (the blocks of one
visit), `launch` (a case is finished in a launch; visits without it belong to a launch that did not end, and do not
count), `pair` (the block pairs of a case in one lockstep pair).

Rows name their fields, under `rows`. Until November 2026 they were lists, under `blocks` and `couples`; these are still
read.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.records import Block, BlockPair, CaseLaunch, UserError
from bench.store import schema

Row = TypeVar("Row", Block, BlockPair)

NAME = "journal.jsonl"

SYNC_S = 0.5
"""Seconds of work that a loss of power may cost. To wait for the disk takes 4 to 20 ms, as long as a visit."""

with contextlib.suppress(ImportError):
    import fcntl  # absent on Windows, where a journal is then not locked


class Journal:
    """The open journal of a run that is being measured. It holds a lock: only one process measures a run."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / NAME).open("a", encoding="utf-8")
        if "fcntl" in globals():
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # If the run was sealed between opening and locking, the file was removed and this one is an orphan.
                still_there = os.path.samestat(os.fstat(self._file.fileno()), (folder / NAME).stat())
            except OSError:
                still_there = False
            if not still_there:
                raise UserError(f"{folder} is being measured by another process")
        # A killed writer can leave half a line; the next line must not be joined to it.
        if self._file.tell() and not _ends_with_newline(folder / NAME):
            self._file.write("\n")
        self._started = time.monotonic()
        self._synced = -math.inf

    def session(self, facts: Mapping[str, Any]) -> None:
        """Record that a process begins or resumes the run."""
        self._append("session", facts)

    def spent(self, facts: Mapping[str, Any]) -> None:
        """Record what the session that ends here spent."""
        self._append("spent", facts)

    def visit(self, process: str, blocks: Sequence[Block]) -> None:
        """Record the blocks of one visit, timed in `process`."""
        self._append("visit", {"process": process, "rows": [vars(block) for block in blocks]})

    def launch(self, record: CaseLaunch) -> None:
        """Record that a case is finished in a launch."""
        self._append("launch", {"record": schema.plain(record)})

    def pair(self, block_pairs: Sequence[BlockPair]) -> None:
        """Record all block pairs of a case in one lockstep pair that ended well."""
        self._append("pair", {"rows": [vars(block_pair) for block_pair in block_pairs]})

    def close(self) -> None:
        """Close the file and release the lock."""
        self._file.close()

    def _append(self, kind: str, body: Mapping[str, Any]) -> None:
        line = {"kind": kind, "at_s": round(time.monotonic() - self._started, 3), **body}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()  # from here on a kill of this process loses nothing
        if time.monotonic() - self._synced >= SYNC_S:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()


@dataclass
class JournalContents:
    """A journal read back: finished launches with their blocks, block pairs, sessions, and unreadable lines."""

    launches: list[CaseLaunch] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    block_pairs: list[BlockPair] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(folder: Path) -> JournalContents:
    """Read the journal of `folder`; empty if there is none. A damaged line is reported and skipped."""
    contents = JournalContents()
    visits: dict[tuple[str, int, str], list[Block]] = defaultdict(list)
    for number, line in _lines(folder / NAME):
        try:
            body = json.loads(line.decode())
            kind, at_s = body.pop("kind"), float(body.pop("at_s"))
            if kind == "session":
                contents.sessions.append(body)
            elif kind == "spent":
                contents.sessions[-1] |= body
            elif kind == "visit":
                for block in _rows(Block, body, "blocks"):
                    visits[block.key, block.launch, body["process"]].append(block)
            elif kind == "pair":
                contents.block_pairs += _rows(BlockPair, body, "couples")
            elif kind == "launch":
                contents.launches.append(schema.launch_of(body["record"]))
            if contents.sessions:
                contents.sessions[-1]["wall_s"] = at_s
        except (ValueError, LookupError, TypeError, AttributeError):
            contents.problems.append(f"{folder / NAME}:{number}: not a line of a journal, passed over")
    # Only the process that finished a case in a launch counts: one that was killed earlier left visits behind.
    finished = {(record.key, record.launch, record.side): record for record in contents.launches}
    contents.launches = list(finished.values())
    contents.blocks = [block for it in contents.launches for block in visits[it.key, it.launch, it.process]]
    return contents


def _rows(kind: type[Row], body: Mapping[str, Any], positional: str) -> list[Row]:
    """The records of a line, all or none; older lines have them under another name, as lists of fields in order."""
    if "rows" in body:
        return [kind(**row) for row in body["rows"]]
    return [kind(*row) for row in body[positional]]


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
