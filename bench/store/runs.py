"""Run folders: their ids, where they are, and `run.json`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.records import UserError
from bench.store import schema

RESULTS = Path("results")
REFERENCE = "reference"
SHIPPED = (Path(__file__).parents[1] / REFERENCE, Path(__file__).parents[2] / RESULTS / REFERENCE)
"""Where the reference tables are: beside the packages if installed, in `results/` of a checkout."""
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


def new_id(now: datetime | None = None) -> str:
    """A run id: sorts by time (UTC, seconds), unique across machines (32 random bits a second)."""
    return f"{(now or datetime.now(UTC)).strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(4)}"


def create(folder: Path, run: Mapping[str, Any]) -> None:
    """Make a run folder with its `run.json`. Raises `UserError` if it cannot be written or is not empty."""
    refuse_unwritable(folder)
    make_folder(folder)
    write(folder, run)


def refuse_unwritable(folder: Path) -> None:
    """Raise `UserError` if a run could not be kept in `folder`; leaves nothing behind."""
    if exists(folder):
        if not folder.is_dir():
            raise UserError(f"{folder} is a file; --out takes a folder")
        if any(folder.iterdir()):
            raise UserError(f"{folder} is not empty; choose another folder, or continue its run with --resume {folder}")
    anchor = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=anchor):
            pass
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}") from None


def make_folder(folder: Path) -> None:
    """Make a folder to write into. Raises `UserError` if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror or error}") from None


def write(folder: Path, run: Mapping[str, Any]) -> None:
    """Replace `run.json` as a whole or not at all."""
    replace_whole(folder / "run.json", (json.dumps(run, indent=2) + "\n").encode())


def replace_whole(path: Path, content: bytes) -> None:
    """Write to a temporary name, fsync, rename: a reader sees the old file or the new one, never a part."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read(folder: Path) -> dict[str, Any]:
    """Read `run.json` of a run. Raises `UserError` if it is missing or cannot be read."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder} holds no run (no run.json)") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if not isinstance(run, dict):
        raise UserError(f"{path} cannot be read: it is not a JSON object")
    schema.refuse_newer(run.get("schema"), str(path))
    return run


def locate(name: str | Path | None, results: Path = RESULTS) -> Path:
    """The folder of a run, given by folder, run id or `reference:NAME`; None means the latest run."""
    if name is None:
        return _latest(results)
    text = str(name)
    if text.startswith(f"{REFERENCE}:"):
        return _reference(text.partition(":")[2], results)
    for folder in (Path(text), results / text):
        if exists(folder) and folder.is_dir():
            return folder
    raise UserError(f"no run '{text}': neither a folder nor an id in {results}/")


READERS: Mapping[str, str] = {
    "certificate": "certify --from",
    "gate": "gate --replay",
    "profile": "profile --from",
    "difference": "profile --from",
}
"""Entry of `run.json` to the command that reads such a run, which has no measurements of cases for a table."""


def folders_within(name: str) -> list[Path]:
    """The run folders that a name stands for: the folder itself, or those inside it; none for anything else.

    The shipped tables of other machines in `results/` are left out. Raises `UserError` if nothing has that name.
    """
    path = Path(name)
    if exists(path) and path.is_dir():
        found = sorted(each.parent for each in path.rglob("run.json"))
        if path == RESULTS:
            found = [each for each in found if REFERENCE not in each.parts]
        if found or path != RESULTS:
            return found
    if path == RESULTS:
        raise UserError(f"no run in {name}/ yet; measure one with: bench run")
    return [] if exists(path) else [locate(name)]


def is_of_pairs(run: Mapping[str, Any]) -> bool:
    """Whether it is a run of `bench certify`, `gate` or `profile`, which hold no measurements of cases."""
    return any(name in run for name in READERS)


def refuse_pairs(run: Mapping[str, Any]) -> None:
    """Raise `UserError` for a run of lockstep pairs or a profile, with the command that reads it."""
    for name, command in READERS.items():
        if name in run:
            raise UserError(f"run {run['run']} is a {name}; read it with: bench {command} {run['run']}")


def _latest(results: Path) -> Path:
    """The run below `results` with the latest id, whatever its folder is called: `--out` may have named it."""
    ids: dict[str, Path] = {}
    for path in results.glob("*/run.json"):
        try:
            run = read(path.parent)
        except UserError:
            continue  # a run that cannot be read is not the one just measured
        if _ID.fullmatch(str(run.get("run"))) and not is_of_pairs(run):
            ids[str(run["run"])] = path.parent
    if not ids:
        raise UserError(f"no run in {results}/ yet; measure one with: bench run")
    return ids[max(ids)]


def exists(path: Path) -> bool:
    """Whether the path exists. Raises `UserError` for a name that no file system accepts."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in it: no file has such a name
        return False
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    return True


def _reference(name: str, results: Path) -> Path:
    found = references(results)
    if name in found:
        return found[name]
    raise UserError(f"no reference table '{name}'; there are: {', '.join(found) or 'none yet'}")


def references(results: Path = RESULTS) -> dict[str, Path]:
    """Runs of other machines by name: those in `results/reference/` here, and those shipped with this program."""
    shelves = (*SHIPPED, results / REFERENCE)
    return {path.parent.name: path.parent for shelf in shelves for path in sorted(shelf.glob("*/run.json"))}


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Sixteen hex digits over the facts that make two runs comparable.

    Hardware (CPU, cores in use, memory, GPUs), the driver, the kernel, the governor, the quota of a container, Python,
    torch with its build and its numerical settings. Load, current clock rate and paths are left out.
    """
    cpu, torch = facts["cpu"], facts["torch"]
    chosen = {
        "cpu": [cpu[name] for name in ("model", "family", "architecture", "logical", "physical", "governor", "turbo")],
        "affinity": len(cpu["affinity"]),
        "memory": facts["memory_bytes"],
        "os": [facts["os"]["system"], facts["os"]["release"]],
        "container": facts["container"],
        "cuda": facts["cuda"],
        **({"accelerators": other} if (other := facts.get("accelerators")) else {}),
        "python": facts["python"],
        "torch": [torch[name] for name in ("version", "git", "cuda", "cudnn", "cpu_capability", "numerics", "build")],
        "libraries": {name: facts["libraries"].get(name) for name in ("numpy", "scikit-learn")},
    }
    if quota := facts.get("placement", {}).get("quota"):  # else the fingerprints of runs without one would change
        chosen["quota"] = [quota["quota_us"], quota["period_us"]]
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def machine_name(facts: Mapping[str, Any]) -> str:
    """A name of the machine for people: `2-core AMD EPYC`, `16-core Xeon + NVIDIA H200`."""
    cpu = facts["cpu"]
    model = re.sub(r"\((?:R|TM)\)|\bCPU\b|@.*|\d+-Core Processor|Processor", "", str(cpu["model"]))
    name = f"{cpu['physical']}-core {' '.join(model.split())}"
    gpus = [str(gpu["name"]) for gpu in (*facts["cuda"], *facts.get("accelerators", ()))]
    return f"{name} + {gpus[0]}{f' ×{len(gpus)}' if len(gpus) > 1 else ''}" if gpus else name
