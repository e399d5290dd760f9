"""The interpreters: one that is installed here, else that of a Debian release in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SUITES = {"3.13": "trixie", "3.14": "forky"}
"""By version of Python the release of Debian that has it."""

MIRROR = "http://deb.debian.org/debian"
PACKAGES = ("{python}", "{python}-venv", "{python}-dev", "ca-certificates", "g++", "git", "procps")
"""What the root needs besides: the compiler for compiled modes, git for the tests."""

COPIED = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")
"""What a root takes from this machine: its way to the network, and whom it trusts there."""

NEEDED = ("debootstrap", "unshare", "chroot")

INSIDE = """
set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --rbind "$1" "$root$1"; shift; done
shift
here=$1; shift
chroot "$root" /bin/sh -c 'cd "$0"; exec "$@"' "$here" "$@"
exit $?
"""
"""Runs a command in a root that sees some folders of this machine at their own places.

The shell stays as the first process of its space: signals and orphans come to that one in ways of their own.
"""


class NoPythonError(Exception):
    """There is no such interpreter, and none can be made; the text says why."""


@dataclass(frozen=True)
class Python:
    """An interpreter, in a root of its own or in this system."""

    path: str
    root: Path | None = None
    seen: tuple[Path, ...] = field(default=())
    """Folders that a root sees at their own places."""

    def words(self, command: Sequence[str], here: Path) -> list[str]:
        """`command` as it is run with this interpreter's system, in the folder `here`."""
        if self.root is None:
            return ["env", "-C", str(here), *command]
        # Of processes it has a space of its own, so that none outlives the command.
        shell = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, "sh", str(self.root)]
        return [*shell, *map(str, self.seen), "--", str(here), *command]


def find(version: str, folder: Path, seen: Sequence[Path]) -> Python:
    """The interpreter of this version. A root is made in `folder` where it has to be; that takes minutes, once.

    Raises `NoPythonError`.
    """
    here = shutil.which(f"python{version}")
    if here is not None and _says(here) == version:
        return Python(here)
    if version not in SUITES:
        raise NoPythonError(f"python{version} is not on PATH")
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise NoPythonError(f"python{version} is not on PATH, and {', '.join(missing)} is missing")
    if os.geteuid() != 0:
        raise NoPythonError(f"python{version} is not on PATH, and making a root needs the rights of root")
    root = folder / f"root-{version}"
    made = root / "made"
    if not made.exists():
        packages = ",".join(PACKAGES).format(python=f"python{version}")
        words = ["debootstrap", "--variant=minbase", f"--include={packages}", SUITES[version], str(root), MIRROR]
        if not Path("/usr/share/debootstrap/scripts", SUITES[version]).exists():
            words.append("/usr/share/debootstrap/scripts/sid")  # a release newer than this debootstrap
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoPythonError(f"debootstrap of {SUITES[version]} failed: {last_line(done.stdout + done.stderr)}")
        for file in COPIED:
            if Path(file).exists():
                shutil.copy(file, root / file[1:])
        made.touch()
    return Python(f"/usr/bin/python{version}", root, tuple(seen))


def last_line(text: str) -> str:
    """The last line that says anything."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def _says(python: str) -> str:
    """The version that an interpreter gives; empty where it does not run, as a shim whose version is not installed."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return done.stdout.strip()
