"""The recipes of the deployment page keep the paths of mailed links out of the logs of real servers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .pages import SNIPPETS

CANARY = "canary-5b1e_token"
PATHS = (f"/write-for-rights/confirm/{CANARY}", f"/ma/fr/not-me/{CANARY}", "/write-for-rights/cases/ann")
SITE = """
from flask import Flask
app = Flask(__name__)

@app.get("/<path:path>")
def show(path):
    if path.startswith("ma"):
        raise RuntimeError("broken on purpose")
    return "here"
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], folder: Path, port: int, **environment: str) -> Iterator[Path]:
    """Run a server in a folder until the block ends."""
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env={**os.environ, **environment})
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
            yield log
        finally:
            process.terminate()
            process.wait(timeout=20)


def visit(port: int) -> None:
    """Ask for every path; what comes back does not matter."""
    for path in PATHS:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Referer": f"http://127.0.0.1:{port}{PATHS[0]}"}
        )
        try:
            urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            error.close()


def test_gunicorn(tmp_path: Path) -> None:
    port = free_port()
    text = (SNIPPETS / "gunicorn.conf.py").read_text("utf-8")
    (tmp_path / "gunicorn.conf.py").write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    (tmp_path / "our_site.py").write_text(SITE)
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "our_site:app"]
    with serving(command, tmp_path, port, PYTHONPATH=str(tmp_path)) as log:
        visit(port)
    written = log.read_text()
    assert "/write-for-rights/cases/ann" in written
    assert "/confirm/-" in written
    assert "Exception on /ma/fr/not-me/-" in written
    # Token pages send no referrer; one was sent here, which gunicorn's usual format shows.
    assert CANARY not in written


def _nginx_map() -> list[tuple[str, str]]:
    text = (SNIPPETS / "nginx.conf").read_text("utf-8")
    return re.findall(r'^\s+"~([^"]+)"\s+"([^"]+)";', text, re.MULTILINE)


def test_the_map_of_nginx_leaves_the_token_out() -> None:
    ((pattern, value),) = _nginx_map()
    for path in PATHS[:2]:
        found = re.search(pattern.replace("(?<", "(?P<"), path)
        assert found is not None
        logged = value.replace("${w4r_head}", found["w4r_head"])
        assert logged.endswith(("/confirm/-", "/not-me/-"))
    assert re.search(pattern.replace("(?<", "(?P<"), PATHS[2]) is None
    text = (SNIPPETS / "nginx.conf").read_text("utf-8")
    assert not re.search(r"\$(request|request_uri|uri|http_referer|args|query_string)\b", text.split("log_format")[1])


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed; its map is checked above")
def test_nginx(tmp_path: Path) -> None:
    port = free_port()
    text = (SNIPPETS / "nginx.conf").read_text("utf-8")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:8000", f"127.0.0.1:{free_port()}")
    (tmp_path / "logs").mkdir()
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in
                      ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/logs/error.log info;\n"
        f"events {{}}\nhttp {{\n{folders}{text}\n}}\n"
    )
    command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "logs/first.log")]
    with serving(command, tmp_path, port):
        visit(port)
    access = (tmp_path / "logs/access.log").read_text()
    assert "/write-for-rights/cases/ann" in access
    assert "/confirm/-" in access
    assert CANARY not in access
    # Browsers send no referrer from token pages; the one sent here stands in the error log of the other page.
    errors = re.sub(r"referrer: .*", "", (tmp_path / "logs/error.log").read_text())
    assert "/write-for-rights/cases/ann" in errors
    assert CANARY not in errors
