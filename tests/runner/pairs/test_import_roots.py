"""Where trees keep what they let one import."""

from __future__ import annotations

import pytest

from bench.runner.pairs.import_roots import import_roots


def tree(root, **files):
    """A tree with these files; `/` is written as two underscores, `.` before the suffix as one."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        ({"lib/__init__.py": ""}, [""]),
        ({"src/lib/__init__.py": ""}, ["src", ""]),
        ({"src/__init__.py": ""}, [""]),
        ({"pyproject.toml": '[tool.setuptools.package-dir]\n"" = "python"', "python/lib.py": ""}, ["python", ""]),
        (
            {"pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["python"]', "python/lib.py": ""},
            ["python", ""],
        ),
        (
            {
                "pyproject.toml": '[tool.hatch.build.targets.wheel]\npackages = ["python/lib"]',
                "python/lib/__init__.py": "",
            },
            ["python", ""],
        ),
        (
            {"pyproject.toml": '[tool.poetry]\npackages = [{include = "lib", from = "python"}]', "python/lib.py": ""},
            ["python", ""],
        ),
        ({"pyproject.toml": '[tool.pdm.build]\npackage-dir = "python"', "python/lib.py": ""}, ["python", ""]),
        ({"pyproject.toml": '[tool.maturin]\npython-source = "python"', "python/lib.py": ""}, ["python", ""]),
        ({"setup.cfg": "[options]\npackage_dir =\n    = python\n", "python/lib.py": ""}, ["python", ""]),
        ({"setup.py": 'setup(name="lib", package_dir={"": "python"})', "python/lib.py": ""}, ["python", ""]),
        (
            {"setup.py": 'setuptools.setup(packages=find_packages("x", where="python"))', "python/lib.py": ""},
            ["python", ""],
        ),
        ({"pyproject.toml": "not TOML [", "lib.py": ""}, [""]),
        ({"setup.py": "not Python (", "lib.py": ""}, [""]),
        ({"pyproject.toml": '[tool.maturin]\npython-source = "../elsewhere"'}, [""]),
    ],
)
def test_the_folders_of_the_root_project(tmp_path, files, folders):
    found = import_roots(tree(tmp_path, **files))
    assert [folder.relative_to(tmp_path).as_posix().removeprefix(".") for folder in found.folders] == folders


@pytest.mark.parametrize(
    ("files", "packages"),
    [
        ({"packages/a/pyproject.toml": "", "packages/a/src/a/__init__.py": ""}, {"a": ["packages/a/src"]}),
        ({"libs/python/a/setup.py": "", "libs/python/a/a/__init__.py": ""}, {"a": ["libs/python/a"]}),
        ({"x/setup.cfg": "[metadata]\nname = some-thing", "x/some_thing.py": "", "x/b.py": ""}, {"some_thing": ["x"]}),
        # What no project declares, what others wrote, and what stands beside a package, is left alone.
        ({"packages/a/a/__init__.py": ""}, {}),
        ({"third_party/numpy/setup.py": "", "third_party/numpy/numpy/__init__.py": ""}, {}),
        ({"packages/a/setup.py": "", "packages/a/tests/__init__.py": ""}, {}),
        ({"packages/a/setup.py": "", "packages/a/src/queue.py": ""}, {}),
        ({"a/__init__.py": "", "examples/setup.py": "", "examples/a/__init__.py": ""}, {}),
        ({".venv/pyvenv.cfg": "", "env/pyvenv.cfg": "", "env/x/setup.py": "", "env/x/a/__init__.py": ""}, {}),
        # Two of one name: nobody knows which is meant. Two parts of a namespace are one.
        ({"x/setup.py": "", "x/a/__init__.py": "", "y/setup.py": "", "y/a/__init__.py": ""}, {}),
        ({"x/setup.py": "", "x/src/n/one.py": "", "y/setup.py": "", "y/src/n/two.py": ""}, {"n": ["x/src", "y/src"]}),
    ],
)  # fmt: skip
def test_the_packages_of_projects_inside(tmp_path, files, packages):
    found = import_roots(tree(tmp_path, **files)).packages
    assert {name: [str(each.relative_to(tmp_path)) for each in places] for name, places in found.items()} == packages


def test_the_names_of_all_projects(tmp_path):
    files = {
        "pyproject.toml": '[project]\nname = "Some.Thing"', "packages/a/setup.py": 'setup(name="other_thing")',
        "packages/b/pyproject.toml": '[tool.poetry]\nname = "third"', "packages/c/pyproject.toml": "",
    }  # fmt: skip
    assert import_roots(tree(tmp_path, **files)).projects == ("some-thing", "other-thing", "third")
