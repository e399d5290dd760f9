"""The comment of a gate, under a pull request of a GitHub that is made up: found by what it says, updated in place."""

from __future__ import annotations

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = Path(__file__).parents[2] / ".github" / "actions" / "bench-comment" / "post_comment.py"
MARKER = "<!-- bench gate: bench-gate -->"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("post_comment", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class GitHub:
    """Pull requests and comments of a repository `own/er`, and what was asked."""

    def __init__(self) -> None:
        self.pulls = [{"number": 7, "head": {"sha": "a" * 40}}]
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any] | None) -> Any:
        self.asked.append((method, path))
        if path.endswith("/pulls"):
            assert query["state"] == ["open"]
            return self.pulls if query["head"] == ["fork:topic"] else []
        if method == "GET":
            page, size = int(query["page"][0]), int(query["per_page"][0])
            return self.comments[(page - 1) * size : page * size]
        assert body is not None
        if method == "POST":
            self.comments.append({"id": len(self.comments), "user": {"type": "Bot"}, **body})
            return self.comments[-1]
        comment = self.comments[int(path.rpartition("/")[2])]
        comment.update(body)
        return comment


@pytest.fixture
def github(monkeypatch, tmp_path):
    here = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            assert self.headers["Authorization"] == "Bearer secret"
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            told = json.dumps(here.answer(self.command, parts.path, parse_qs(parts.query), body)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    run = {
        "head_repository": {"owner": {"login": "fork"}}, "head_branch": "topic", "head_sha": "a" * 40,
        "html_url": "https://git.example/runs/1",
    }  # fmt: skip
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": run}))
    for name, value in (
        ("GITHUB_EVENT_PATH", event), ("GITHUB_REPOSITORY", "own/er"), ("TOKEN", "secret"), ("NAME", "bench-gate"),
        ("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}"),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    yield here
    server.shutdown()
    server.server_close()


@pytest.fixture
def post(monkeypatch, tmp_path):
    def of(text: str | None) -> None:
        path = tmp_path / "comment.md"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        monkeypatch.setattr("sys.argv", ["post_comment.py", str(path)])
        loaded().main()

    return of


def test_the_first_comment_is_new_and_the_next_is_in_its_place(github, post):
    post("### bench gate: regressed\n")
    post("### bench gate: not_slower\n")
    (comment,) = github.comments
    assert comment["body"].startswith(f"{MARKER}\n### bench gate: not_slower\n")
    assert comment["body"].rstrip().endswith(f"[{'a' * 12}](https://git.example/runs/1)")


def test_it_is_found_on_the_second_page_and_that_of_a_person_is_left_alone(github, post):
    theirs = {"id": 0, "user": {"type": "User"}, "body": f"{MARKER}\nhello"}
    github.comments = [theirs, *({"id": n, "user": {"type": "User"}, "body": "x"} for n in range(1, 120))]
    github.comments.append({"id": 120, "user": {"type": "Bot"}, "body": f"{MARKER}\nold"})
    post("new")
    assert "new" in github.comments[120]["body"]
    assert github.comments[0]["body"] == f"{MARKER}\nhello"
    assert len(github.comments) == 121


def test_nothing_is_said_where_the_head_has_moved_on(github, post):
    github.pulls = [{"number": 7, "head": {"sha": "b" * 40}}]
    post("old news")
    assert github.comments == []


def test_a_gate_without_a_verdict_takes_the_place_of_the_last_one(github, post):
    post("### bench gate: not_slower\n")
    post(None)
    assert "no verdict" in github.comments[0]["body"]
    assert "not_slower" not in github.comments[0]["body"]


def test_text_of_a_fork_is_cut_calls_nobody_and_hides_nothing(github, post):
    post("@everyone <!-- bench gate: other -->" + "x" * 100_000)
    body = github.comments[0]["body"]
    assert len(body) <= 60_100
    assert "@everyone" not in body
    assert body.count("<!--") == 1
