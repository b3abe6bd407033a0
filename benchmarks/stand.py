"""What a run stands on: a database of its own, one Redis database, and gunicorn in front of each app."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psycopg
import redis

from flask_w4r.keyring import generate_key

ROOT = Path(__file__).parent.parent
POSTGRES = os.environ.get("W4R_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1/postgres")
REDIS = os.environ.get("W4R_BENCH_REDIS", "redis://127.0.0.1:6379/8")
WORKERS = 2


@dataclass(frozen=True)
class Server:
    """One gunicorn."""

    port: int
    process: subprocess.Popen[bytes]

    def worker_cpu_seconds(self) -> float | None:
        """The processor time that its workers used so far; ``None`` where the system does not tell."""
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        except OSError:
            return None
        return cpu_seconds(children)


def cpu_seconds(pids: Iterable[int | str]) -> float | None:
    """The processor time that some processes used so far; ``None`` where the system does not tell."""
    ticks = 0
    try:
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    except OSError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """A fresh database and fresh keys, as the environment that both apps read. Dropped afterwards."""
    admin = POSTGRES.replace("+psycopg", "")
    name = f"w4r_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "W4R_BENCH_DATABASE": f"{admin.rpartition('/')[0]}/{name}",
            "W4R_BENCH_REDIS": REDIS,
            "W4R_BENCH_SECRET": secrets.token_hex(32),
            "W4R_BENCH_ENCRYPTION_KEY": generate_key(),
            "W4R_BENCH_INDEX_KEY": generate_key(),
            "W4R_BENCH_CAPTCHA": "none",
        }
    finally:
        redis.Redis.from_url(REDIS).flushdb()
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(app: str, ready: str, env: Mapping[str, str], workers: int = WORKERS) -> Iterator[Server]:
    """Serve ``module:factory()`` by gunicorn's sync workers until the block ends.

    :param ready: a path that answers 200 once the app is up.
    """
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--workers", str(workers), "--worker-class", "sync", "--backlog", "512",
        "--bind", f"127.0.0.1:{port}", "--log-level", "warning", app,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=dict(env), cwd=ROOT)
    try:
        _wait(f"http://127.0.0.1:{port}{ready}", process)
        yield Server(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        if process.poll() is not None:
            break
        try:
            with urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")
