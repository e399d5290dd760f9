"""Imports beside a worker that starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.jobs.import_ahead import AFTER_A_RUN, imported_meanwhile


def test_the_modules_are_there_at_the_end_of_the_block_and_a_missing_one_is_left_to_its_user():
    program = (
        "import sys\n"
        "from bench.jobs.import_ahead import AFTER_A_RUN, imported_meanwhile\n"
        "assert 'pandas' not in sys.modules\n"
        "with imported_meanwhile('no_such_module', *AFTER_A_RUN): pass\n"
        "print(all(name in sys.modules for name in AFTER_A_RUN))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_an_error_in_the_block_is_raised():
    with pytest.raises(KeyError, match="inside"), imported_meanwhile(*AFTER_A_RUN):
        raise KeyError("inside")
