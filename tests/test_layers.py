"""The floors of the house, held by import-linter."""

import ast
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
            '    "series | cold_blocks | suites",\n]', '    "series | cold_blocks | suites",\n    "present",\n]'
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


def docstrings(path):
    """Line and text of each docstring in a file, those below attributes and constants too."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield node.lineno, text


def begins_with_of(path):
    """Lines of the docstrings in a file that begin with "Of"."""
    return [line for line, text in docstrings(path) if text.split()[:1] == ["Of"]]


def test_no_docstring_begins_with_of():
    places = {
        str(path.relative_to(ROOT)): lines
        for folder in ("bench", "workloads")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := begins_with_of(path))
    }
    assert places == {}


def test_a_docstring_that_begins_with_of_would_be_found(tmp_path):
    path = tmp_path / "module.py"
    text = "'Of a module.'\n\nx = 1\n'Of x.'\n\n\ndef f():\n    'Of f.'\n\n\ndef of():\n    'Offers nothing.'\n"
    path.write_text(text)
    assert begins_with_of(path) == [1, 4, 8]
