"""The floors of the house, held by import-linter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def lint(config, folder=ROOT):
    """The contracts of a file, on the packages that lie in a folder."""
    program = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename=sys.argv[1]))"
    )
    return subprocess.run([sys.executable, "-c", program, str(config)], capture_output=True, text=True, cwd=folder)


def test_every_import_goes_down():
    done = lint(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout


def test_an_import_that_goes_up_would_be_noticed(tmp_path):
    # The planted mistake, without touching the code: floors in the wrong order must break the contract.
    text = (ROOT / "pyproject.toml").read_text()
    config = tmp_path / "pyproject.toml"
    config.write_text(
        text.replace('    "present | interop",\n    "analyse', '    "interop",\n    "analyse').replace(
            '    "series | cold_blocks",\n]', '    "series | cold_blocks",\n    "present",\n]'
        )
    )
    done = lint(config)
    assert done.returncode != 0
    assert "not allowed to import" in done.stdout


def test_no_module_is_over_300_lines():
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ("bench", "workloads")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 300
    }
    assert long == {}
