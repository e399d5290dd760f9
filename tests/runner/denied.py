"""Run a profile as a user without rights over other processes: `python -m tests.runner.denied FILE KEY [RUNG]`.

Prints how stacks were had, and why not better. The refusal is the kernel's own: what is started from here can never
have CAP_SYS_PTRACE, and the case hides its process (`PR_SET_DUMPABLE`), so that even its own user may not look into it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.plan.catalog import find
from bench.records import Case, Planned, Settings, UserError
from bench.runner import machine_probe
from bench.runner.profiling.single_profile import ProfileSettings, TakenProfile, take
from bench.runner.stop_request import Stop

PR_CAPBSET_DROP, CAP_SYS_PTRACE = 24, 19
"""prctl(2), capabilities(7)."""


def main() -> None:
    """Profile one case of a file, and print the rung."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this root cannot give up CAP_SYS_PTRACE")
    file, key, *rung = sys.argv[1:]
    case, stop = Case.from_key(key), Stop()
    planned = Planned(case, find([Path(file)], installed=False)[case.workload].source)
    settings = Settings(warm_s=0.01, warm_cap_s=0.1, timeout_s=60)
    with tempfile.TemporaryDirectory() as folder:
        try:
            taken = take(
                planned, settings, machine_probe.look([], stop), stop, Path(folder, "t.json.gz"), Path(folder, "cache"),
                ProfileSettings(3, rung[0] if rung else None, 0.5), lambda stage: None,
            )  # fmt: skip
        except UserError as error:
            print(json.dumps({"error": str(error)}))
            return
    assert isinstance(taken, TakenProfile), taken
    loops = taken.loops
    print(json.dumps({"rung": loops.rung, "refused": loops.refused, "samples": loops.stacks.samples}))


if __name__ == "__main__":
    main()
