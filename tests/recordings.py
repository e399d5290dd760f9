"""Folders that `bench certify`, `bench gate` and `bench profile` left, for tests that read them in place of measuring.

    python -m tests.recordings      records them anew, in some minutes

What is recorded is what the same tests measure live in the other tier, without the paths of the machine.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from bench.store import anonymised

FOLDER = Path(__file__).with_name("recorded")

KEPT = ("run.json", "*.parquet", "trace.json.gz", "explained/*.json", "explained/*.parquet")
"""Files that a command reads; what it makes of them it makes again."""

CERTIFICATE, REPETITIONS = "certificate", 20
"""A certificate's own simulation takes most of the time that it takes to judge it again."""


def copied(name: str, folder: Path) -> Path:
    """A copy of what was recorded, in `folder`."""
    return shutil.copytree(FOLDER / name, folder)


def record(name: str, measured: Path) -> None:
    """Keep what a command left in a folder, in place of what was recorded before."""
    target = FOLDER / name
    shutil.rmtree(target, ignore_errors=True)
    for path in (path for pattern in KEPT for path in measured.glob(pattern)):
        kept = target / path.relative_to(measured)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "run.json":
            told = anonymised.shareable(json.loads(path.read_text()))
            if CERTIFICATE in told:
                told[CERTIFICATE]["repetitions"] = REPETITIONS
            kept.write_text(re.sub(r'"/[^"]*/([^"/]+)":', r'"\1":', json.dumps(told, indent=1)) + "\n")
        elif path.suffix == ".gz":  # it names the file that it was first written to
            kept.write_bytes(
                gzip.compress(re.sub(rb'"/[^"]*"', b'"trace.json"', gzip.decompress(path.read_bytes())), mtime=0)
            )
        else:
            kept.write_bytes(path.read_bytes())
    if found := [path for path in target.rglob("*.parquet") if _has_paths(pd.read_parquet(path))]:
        raise ValueError(f"paths of this machine in {', '.join(map(str, found))}")


def _has_paths(table: pd.DataFrame) -> bool:
    """Is there an absolute path in a text of the table?"""
    texts = table.select_dtypes(include=["object", "string"])
    return bool(texts.apply(lambda column: column.astype(str).str.contains(r"(?:^|[\s\"'])/\w").any()).any())


def main() -> None:
    """Measure as the live tests do, and keep the folders."""
    from tests.cli import test_certify, test_gate, test_profile
    from tests.terminal import Terminal

    with tempfile.TemporaryDirectory() as name:
        folders = {each: Path(name, each) for each in ("certificate", "gate", "difference", "profile")}
        for folder in folders.values():
            folder.mkdir()
        certified = test_certify.live(Terminal(folders["certificate"]))
        (results,) = (folders["certificate"] / "results").iterdir()
        test_profile.live(Terminal(folders["profile"]))
        slowed, _, _ = test_gate.live(folders["gate"])
        different, _ = test_gate.live_difference(folders["difference"])
        print(certified.stderr)
        record("certificate", results)
        record("profile", folders["profile"] / "p")
        record("gate", slowed.folder / "run")
        record("difference", different.folder / "d")


if __name__ == "__main__":
    main()
