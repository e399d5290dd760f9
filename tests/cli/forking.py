"""Starts `python -m bench` without importing anew what it takes from others: half of the time of a short command.

A process that has imported the libraries reads requests, a line of JSON each, and forks for each. The child has a
folder, an environment and standard files of its own, runs `bench` as `python -m` does, and ends as any other process.
Nothing of `bench` is imported before, and torch is not: no command imports it. What is imported by whom is looked at in
processes of their own (test_light.py).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import sys

LIBRARIES = ("pandas", "pyarrow.parquet", "typer", "rich.table", "jinja2", "matplotlib.figure", "ruptures")
"""What the commands import; any that is missing is left to the command that needs it."""


def serve() -> list[str]:
    """Fork for each request, and tell its process and then its exit code. Returns, in a child, the words to run."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in requests:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            requests.close()
            answers.close()
            for number, path in enumerate(asked["files"]):  # of stdin, stdout, stderr
                opened = os.open(path, os.O_WRONLY if number else os.O_RDONLY)
                os.dup2(opened, number)
                os.close(opened)
            os.chdir(asked["folder"])
            os.environ.clear()
            os.environ.update(asked["environment"])
            return [str(word) for word in asked["words"]]
        print(json.dumps({"number": asked["number"], "pid": pid}), file=answers, flush=True)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"number": asked["number"], "code": code}), file=answers, flush=True)
    sys.exit()


if __name__ == "__main__":
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.collect()
    gc.freeze()  # a child that looked at all this would copy it
    sys.argv = ["bench", *serve()]
    sys.path[0:0] = [os.getcwd()]
    runpy.run_module("bench", run_name="__main__", alter_sys=True)
