"""Puts the comment of a gate under its pull request: a new one, or in place of that of an earlier run.

Runs in a workflow_run, with the rights of the repository; what it reads comes from a pull request, perhaps of a fork.
So the pull request is found by what GitHub says of the run, never by what the artifact says, and the text is a text: it
is cut, and calls nobody by name. Standard library alone: the job installs nothing.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST = 60_000
"""Most characters of a comment: GitHub takes 65,536."""

PAGE = 100


def main() -> None:
    """Read the event and the text, find the pull request and its comment, and write it."""
    run = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["workflow_run"]
    repository = os.environ["GITHUB_REPOSITORY"]
    pull = pull_request(repository, run)
    if pull is None:
        print("no open pull request has this commit as its head any more: nothing to say")
        return
    marker = f"<!-- bench gate: {os.environ.get('NAME', 'bench-gate')} -->"
    body = f"{marker}\n{text_of(Path(sys.argv[1]), run)}"
    for comment in pages(f"/repos/{repository}/issues/{pull}/comments"):
        if comment["body"].startswith(marker) and comment["user"]["type"] == "Bot":
            ask("PATCH", f"/repos/{repository}/issues/comments/{comment['id']}", {"body": body})
            print(f"comment {comment['id']} of pull request {pull} says it now")
            return
    made = ask("POST", f"/repos/{repository}/issues/{pull}/comments", {"body": body})
    print(f"comment {made['id']} is under pull request {pull}")


def pull_request(repository: str, run: dict[str, Any]) -> int | None:
    """The number of the open pull request whose head is the commit that was measured; the run of a fork names none."""
    branch = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
    query = urllib.parse.urlencode({"state": "open", "head": branch})
    for pull in pages(f"/repos/{repository}/pulls?{query}"):
        if pull["head"]["sha"] == run["head_sha"]:
            return int(pull["number"])
    return None


def text_of(path: Path, run: dict[str, Any]) -> str:
    """The comment that the gate left, without calling anybody, and whose commit it is of."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = "### bench gate: no verdict\n\nThe gate ended before it had one; its log says why."
    end = f"\n\n[{run['head_sha'][:12]}]({run['html_url']})\n"
    calm = text.replace("@", "@\u200b").replace("<!--", "&lt;!--")
    return calm[: MOST - len(end) - 100].rstrip() + end


def pages(address: str) -> Iterator[Any]:
    """The entries of a list, page by page."""
    number, joined = 0, "&" if "?" in address else "?"
    while True:
        number += 1
        found = ask("GET", f"{address}{joined}per_page={PAGE}&page={number}")
        yield from found
        if len(found) < PAGE:
            return


def ask(method: str, address: str, body: dict[str, Any] | None = None) -> Any:
    """The answer of GitHub, as JSON."""
    request = urllib.request.Request(
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + address,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {os.environ['TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    try:
        main()
    except urllib.error.URLError as error:
        print(f"::error::the comment cannot be written: {error}")
        sys.exit(70)
