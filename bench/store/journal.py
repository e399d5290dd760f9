"""The journal: what a run knows so far, one JSON object a line, flushed after each visit.

Kinds of line: `session` (a process began or went on with the run) and `spent` (what that cost), `visit` (the blocks of
one visit), `launch` (a case is finished in a launch; visits without it belong to a launch that did not end, and do not
count), `pair` (the couples of a case in one lockstep pair).
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.records import Block, BlockPair, CaseLaunch, UserError

NAME = "journal.jsonl"

with contextlib.suppress(ImportError):
    import fcntl  # absent on Windows, where a journal is then not locked


class Journal:
    """The open journal of a run that is being measured. Holds a lock: one process measures a run."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / NAME).open("a", encoding="utf-8")
        if "fcntl" in globals():
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever sealed the run between our opening and our locking took the file away: ours is nobody's.
                still_there = os.path.samestat(os.fstat(self._file.fileno()), (folder / NAME).stat())
            except OSError:
                still_there = False
            if not still_there:
                raise UserError(f"{folder} is being measured by another process")
        # A killed writer can leave half a line; what follows must not be glued to it.
        if self._file.tell() and not _ends_with_newline(folder / NAME):
            self._file.write("\n")
        self._started = time.monotonic()

    def session(self, facts: Mapping[str, Any]) -> None:
        """A process begins, or goes on with, the run."""
        self._append("session", facts)

    def spent(self, facts: Mapping[str, Any]) -> None:
        """What the session that ends here spent."""
        self._append("spent", facts)

    def visit(self, process: str, blocks: Sequence[Block]) -> None:
        """The blocks of one visit, timed in `process`."""
        self._append("visit", {"process": process, "blocks": [list(vars(block).values()) for block in blocks]})

    def launch(self, record: CaseLaunch) -> None:
        """A case is finished in a launch."""
        self._append("launch", {"record": vars(record)})

    def pair(self, couples: Sequence[BlockPair]) -> None:
        """All couples of a case in one lockstep pair that ended well."""
        self._append("pair", {"couples": [list(vars(couple).values()) for couple in couples]})

    def close(self) -> None:
        """Give the lock back."""
        self._file.close()

    def _append(self, kind: str, body: Mapping[str, Any]) -> None:
        line = {"kind": kind, "at_s": round(time.monotonic() - self._started, 3), **body}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@dataclass
class JournalContents:
    """A journal read back: finished launches with their blocks, couples of pairs, sessions, and unreadable lines."""

    launches: list[CaseLaunch] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    couples: list[BlockPair] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(folder: Path) -> JournalContents:
    """All that the journal of `folder` holds; empty where there is none. A damaged line is named and passed over."""
    pages = JournalContents()
    visits: dict[tuple[str, int, str], list[Block]] = defaultdict(list)
    for number, line in _lines(folder / NAME):
        try:
            body = json.loads(line.decode())
            kind, at_s = body.pop("kind"), float(body.pop("at_s"))
            if kind == "session":
                pages.sessions.append(body)
            elif kind == "spent":
                pages.sessions[-1] |= body
            elif kind == "visit":
                blocks = [Block(*row) for row in body["blocks"]]  # all or none of a visit
                for block in blocks:
                    visits[block.key, block.launch, body["process"]].append(block)
            elif kind == "pair":
                pages.couples += [BlockPair(*row) for row in body["couples"]]  # likewise
            elif kind == "launch":
                pages.launches.append(CaseLaunch(**body["record"]))
            if pages.sessions:
                pages.sessions[-1]["wall_s"] = at_s
        except (ValueError, LookupError, TypeError, AttributeError):
            pages.problems.append(f"{folder / NAME}:{number}: not a line of a journal, passed over")
    # Only the process that finished a case in a launch counts: one that was killed before left visits behind.
    finished = {(record.key, record.launch, record.side): record for record in pages.launches}
    pages.launches = list(finished.values())
    pages.blocks = [block for it in pages.launches for block in visits[it.key, it.launch, it.process]]
    return pages


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
