"""`actionlint` and `zizmor` find nothing in actions and workflows, where they are installed; pins are whole commits."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob(".github/**/*.yml"))
USES = re.compile(r"^\s*-?\s*uses: (\S+)(.*)$", re.MULTILINE)


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_actionlint_finds_nothing() -> None:
    workflows = [str(path) for path in FILES if path.parent.name == "workflows"]
    done = subprocess.run([program("actionlint"), *workflows], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_zizmor_finds_nothing() -> None:
    words = [program("zizmor"), "--offline", "--persona", "regular", "--format", "plain", "--quiet", ".github"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_others_wrote_is_pinned_by_a_whole_commit_with_its_version_beside_it(path: Path) -> None:
    for used, rest in USES.findall(path.read_text()):
        if not used.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", used), used
            assert re.fullmatch(r" # v\d+(\.\d+){2}", rest), used


def test_pins_in_the_handbook_are_those_of_the_workflows() -> None:
    pins = {used.partition("@")[0]: used for path in FILES for used, _ in USES.findall(path.read_text()) if "@" in used}
    for used, _ in USES.findall((ROOT / "docs" / "ci.md").read_text()):
        if not used.startswith(("OWNER/", "./")):
            assert pins[used.partition("@")[0]] == used


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_command_holds_what_is_substituted_and_no_checkout_keeps_its_credentials(path: Path) -> None:
    text = path.read_text()
    commands = re.findall(r"^(\s*)(?:- )?run: (?:\|\n((?:\1\s+.*\n|\n)+)|(.*))", text, re.MULTILINE)
    assert not [each for each in commands if "${{" in each[1] + each[2]]
    for place in re.finditer(r"uses: actions/checkout@", text):
        assert "persist-credentials: false" in text[place.start() : place.start() + 200]
