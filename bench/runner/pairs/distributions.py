"""What is installed for an interpreter: each distribution and its version."""

from __future__ import annotations

import json
import subprocess

from bench.records import UserError

ANSWER_S = 60.0
"""Longest wait; two hundred distributions on a cold disk take some seconds."""

PROGRAM = """
import json
from importlib import metadata

def version(found):
    told = json.loads(found.read_text("direct_url.json") or "{}")
    commit = told.get("vcs_info", {}).get("commit_id", "")
    return found.version + (f" ({commit[:10]})" if commit else "")

found = {}
for each in metadata.distributions():
    name = each.metadata["Name"]
    if name and name.lower() not in found:  # the first one on the path is the one that is imported
        found[name.lower()] = (name, version(each))
print(json.dumps(dict(found.values())))
"""


def distributions(python: str) -> dict[str, str]:
    """Version by name. What was installed from a repository has its commit too. Raises `UserError`."""
    try:
        done = subprocess.run(
            [python, "-P", "-c", PROGRAM], capture_output=True, encoding="utf-8", timeout=ANSWER_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{python} does not say what is installed for it: {error}") from None
    found: dict[str, str] = json.loads(done.stdout)
    return found
