"""Importing workloads: by import name where they are installed, by path where they are a user's own file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from bench.measure.author import fork_server
from bench.measure.author.side_code import USER_FILE
from bench.measure.settings.case_settings import FileSettings
from bench.records import Source
from bench.workload import Declaration, Prepared

_OF_FILES = FileSettings()


def make_of(source: Source) -> tuple[Callable[..., Prepared], Declaration]:
    """The workload's function and its declaration, with the settings of its file in place.

    Raises what its import raises, and `LookupError` where it is missing.
    """
    module = module_of(source)
    _OF_FILES.put(source.path)
    make = getattr(module, source.function, None)
    declared = getattr(make, "__coursebench__", None)
    if make is None or not isinstance(declared, Declaration):
        raise LookupError(f"{source.path} has no workload '{source.function}'")
    return make, declared


def module_of(source: Source) -> ModuleType:
    """The module that holds a workload; a process imports it once, and what that sets is put back."""
    fork_server.prepare(source)
    if source.dotted is not None:
        if source.dotted in sys.modules:
            return sys.modules[source.dotted]
        with _OF_FILES.importing(source.path):
            return importlib.import_module(source.dotted)
    path = Path(source.path).resolve()
    name = f"{USER_FILE}{path.stem}_{zlib.crc32(str(path).encode()):x}"
    if name in sys.modules:
        return sys.modules[name]
    # What stands beside the file can be imported by it, as when it is run as a script.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _OF_FILES.importing(source.path):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def import_errors(sources: list[Source]) -> dict[str, str]:
    """By path of each workload file that does not import: the traceback from that file down."""
    errors: dict[str, str] = {}
    for source in {source.path: source for source in sources}.values():
        try:
            module_of(source)
        except Exception as error:  # whatever a user's file raises is what has to be shown
            errors[source.path] = traceback_from(source.path, error)
    return errors


def traceback_from(path: str, error: BaseException) -> str:
    """The traceback without the frames of the harness and of importlib: it begins in the user's own file."""
    steps = error.__traceback__
    while steps is not None and Path(steps.tb_frame.f_code.co_filename).resolve() != Path(path).resolve():
        steps = steps.tb_next
    return "".join(traceback.format_exception(type(error), error, steps)).rstrip()
