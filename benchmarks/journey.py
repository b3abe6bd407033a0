"""``python -m benchmarks.journey``: from the press to the count, with web, worker, database and the people themselves on one
machine.

So many people a second sign, each once; the worker signs them in and mails each a link; they open it and press. Five web
workers on two cores, one worker, PostgreSQL and Redis. Counted is who was confirmed within the time, also those whom so many at once on one case hold for
the desk; then all are waited for, and nobody may be missing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlencode

import psycopg

from flask_w4r.services.people.addresses import parse_address

from . import inside, poison_people, stand, targets
from .stand import ROOT, Server

GOAL = 100
#: Twice the cores and one, as gunicorn's documentation has it: half of a press is waiting for the database's disk.
WEB_WORKERS = 2 * len(os.sched_getaffinity(0)) + 1
_FORM_TOKEN = re.compile(rb'name="form_token"[^>]*value="([^"]+)"')


def exchange(port: int, message: str) -> bytes:
    """Send a request and read the whole answer."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(message.encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def request(port: int, method: str, path: str, body: str = "", ip: str = "127.0.0.1") -> bytes:
    """One request of a person."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nX-Forwarded-For: {ip}\r\n"
    if method == "POST":
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return exchange(port, f"{head}\r\n{body}")


def _people(count: int) -> list[poison_people.Person]:
    """So many people, of many names, providers and networks, each with an address of their own."""
    found: dict[str, poison_people.Person] = {}
    for seed in itertools.count(11):
        day = (person for person in poison_people.day(seed) if person.kind == "genuine")
        found |= {parse_address(person.email, test_environment=True).canonical: person for person in day}
        if len(found) >= count:
            break
    return list(found.values())


class People:
    """Those who sign at a pace, and those who open their mail."""

    def __init__(self, server: Server, links: Path, pace: float, seconds: float) -> None:
        self.port, self.links, self.pace = server.port, links, pace
        self.people = _people(int(1.2 * pace * seconds))
        step = targets.sign_step(server, targets.AGREED)
        self.path, self.body = step.path, step.body or ""
        self.over = threading.Event()
        self.done = threading.Event()
        self.numbers = itertools.count()
        self.signed, self.counted, self.problems = [0.0], [0.0], []  # type: ignore[var-annotated]
        self.mails: SimpleQueue[str] = SimpleQueue()
        self.began = time.perf_counter()

    def sign(self) -> None:
        """One after another, none before its time."""
        while not self.over.is_set():
            number = next(self.numbers)
            wait = self.began + number / self.pace - time.perf_counter()
            if wait > 0 and self.over.wait(wait):
                return
            person = self.people[number]
            typed = urlencode({"first_name": person.first, "last_name": person.last, "email": person.email})
            answer = request(self.port, "POST", self.path, f"{self.body}&{typed}", person.ip)
            if answer[9:12] == b"303":
                self.signed.append(time.perf_counter() - self.began)
            else:
                self.problems.append(f"signing answered {answer[9:12]!r}")

    def watch(self) -> None:
        """See the mails come in."""
        begun = ""
        with self.links.open() as file:
            while not self.done.is_set():
                *lines, begun = (begun + file.read()).split("\n")
                for line in lines:
                    self.mails.put(line)
                if not lines:
                    self.done.wait(0.02)

    def confirm(self) -> None:
        """Open a mail's link and press."""
        while not self.done.is_set():
            try:
                path = self.mails.get(timeout=0.1)
            except Empty:
                continue
            found = _FORM_TOKEN.search(request(self.port, "GET", path))
            if found is None:
                self.problems.append("a link's page had no button")
                continue
            answer = request(self.port, "POST", path, f"form_token={found[1].decode()}")
            if answer[9:12] == b"200":
                self.counted.append(time.perf_counter() - self.began)
            else:
                self.problems.append(f"confirming answered {answer[9:12]!r}")


def _memory(pid: int) -> int:
    """Megabytes that a process and its children hold."""
    pids = [str(pid), *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _used(env: dict[str, str], server: Server, worker: int) -> dict[str, float]:
    """The processor time that each took so far. Of the database only what serves this one: others may share the server."""
    with psycopg.connect(env["W4R_BENCH_DATABASE"]) as database:
        found = database.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()
        backends = [row[0] for row in found if row[0] != database.info.backend_pid]
    return {
        "web": server.worker_cpu_seconds() or 0, "worker": stand.cpu_seconds([worker]) or 0,
        "database": stand.cpu_seconds(backends) or 0, "people": time.process_time(),
    }  # fmt: skip


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > deadline:
            return False
        time.sleep(0.05)
    return True


def _clean_up(env: dict[str, str], done: threading.Event) -> None:
    """Where the server has autovacuum switched off, clean up what comes and goes, as it does by itself everywhere else."""
    with psycopg.connect(env["W4R_BENCH_DATABASE"], autocommit=True) as database:
        row = database.execute("SHOW autovacuum").fetchone()
        while row == ("off",) and not done.wait(10):
            for table in ("w4r_intake", "w4r_outbox", "w4r_tally", "w4r_token", "w4r_signature"):
                database.execute(f"VACUUM (ANALYZE) {table}")


def measure(env: dict[str, str], pace: float, seconds: float) -> dict[str, Any]:
    """Run it."""
    inside.prepare(env)
    with tempfile.TemporaryDirectory() as folder:
        links = Path(folder, "links")
        links.touch()
        env = {**env, "W4R_BENCH_LINKS": str(links), "W4R_BENCH_FORWARDED": "1"}
        ready = f"{targets.PREFIX}/healthz".replace("/fr", "")
        command = [sys.executable, "-m", "flask", "--app", "benchmarks.product:create_app", "w4r", "jobs", "run"]
        with stand.served("benchmarks.product:create_app()", ready, env, WEB_WORKERS) as server:
            worker = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
            people = People(server, links, pace, seconds)
            doing = [people.sign] * 4 + [people.watch] + [people.confirm] * 4
            threads = [threading.Thread(target=one) for one in doing]
            threads.append(threading.Thread(target=_clean_up, args=(env, people.done)))
            for thread in threads:
                thread.start()
            time.sleep(seconds / 3)
            early = (_memory(server.process.pid), _memory(worker.pid))
            before, so_far = _used(env, server, worker.pid), len(people.counted)
            time.sleep(seconds * 2 / 3)
            people.over.set()
            counted = len(people.counted) - 1
            each = {name: used - before[name] for name, used in _used(env, server, worker.pid).items()}
            each = {name: used / max(1, counted + 1 - so_far) * 1000 for name, used in each.items()}
            ended = time.perf_counter()
            for thread in threads[:4]:
                thread.join()
            late = (_memory(server.process.pid), _memory(worker.pid))
            signed = len(people.signed) - 1
            all_came = _until(lambda: len(people.counted) - 1 >= signed, 120)
            drained = time.perf_counter() - ended
            people.done.set()
            for thread in threads:
                thread.join()
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
    with psycopg.connect(env["W4R_BENCH_DATABASE"]) as database:
        row = database.execute("SELECT count(*) FROM w4r_signature WHERE state = 'confirmed'").fetchone()
    assert row is not None
    if not all_came or row[0] != signed:
        people.problems.append(f"{signed} signed, {row[0]} are confirmed")
    return {
        "pace": pace, "seconds": seconds, "signed_per_second": signed / seconds,
        "counted_per_second": counted / seconds, "behind": signed - counted, "drained_seconds": drained,
        "web_mb": [early[0], late[0]], "worker_mb": [early[1], late[1]], "cpu_ms_each": each,
        "problems": people.problems[:5], "goal": GOAL,
    }  # fmt: skip


def table(found: dict[str, Any]) -> str:
    """The numbers as text."""
    good = found["counted_per_second"] >= 0.97 * GOAL and not found["problems"]
    return (
        f"{found['pace']:.0f} people a second for {found['seconds']:.0f} s: {found['signed_per_second']:.1f}/s signed,"
        f" {found['counted_per_second']:.1f}/s counted (goal {GOAL}) {'ok' if good else '--'}; {found['behind']} on their way at"
        f" the end, all counted {found['drained_seconds']:.1f} s later; memory of web {found['web_mb']} MB, of the worker"
        f" {found['worker_mb']} MB; processor time for each person: "
        + ", ".join(f"{name} {used:.1f} ms" for name, used in found["cpu_ms_each"].items())
        + "".join(f"\nNOT VALID: {problem}" for problem in found["problems"])
    )


def main() -> int:
    """Measure and print; exit 1 where somebody is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journey", description=__doc__)
    parser.add_argument("--pace", type=float, default=GOAL, help="people a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    options = parser.parse_args()
    with stand.environment() as env:
        found = measure({**os.environ, **env}, options.pace, options.seconds)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(found))
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
