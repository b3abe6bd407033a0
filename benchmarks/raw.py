"""The built-in load generator: raw sockets, two processes, a few requests on their way in each."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections import Counter, deque
from typing import Any

from .plan import Plan

IN_FLIGHT = 8


def run(plan: Plan, seconds: float, tag: str, processes: int) -> dict[str, object]:
    """Send a plan's requests for some seconds, from several processes."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        # Importing takes a moment: all begin together after it.
        begin = time.time() + 1.0
        jobs = [
            (plan, seconds, f"{tag}-{number}", plan.proofs[number::processes], begin) for number in range(processes)
        ]
        found = pool.starmap(_send, jobs)
    statuses: Counter[int] = Counter()
    for part in found:
        statuses.update(part["statuses"])
    return {
        "requests": sum(statuses.values()),
        "seconds": max(part["seconds"] for part in found),
        "statuses": statuses,
        "exhausted": any(part["exhausted"] for part in found),
        "errors": sum(part["errors"] for part in found),
    }


def _send(plan: Plan, seconds: float, tag: str, proofs: list[str], begin: float) -> dict[str, Any]:
    heads = [_head(plan, step) for step in plan.steps]
    bodies = [step.body for step in plan.steps]
    made = 0

    def ask() -> socket.socket | None:
        nonlocal made
        number = made % len(heads)
        body = bodies[number]
        made += 1
        if body is None:
            message = heads[number] + "\r\n"
        else:
            body = f"{body}&email={tag}-{made}%40example.org"
            if plan.proofs:
                if not proofs:
                    return None
                body += f"&altcha={proofs.pop()}"
            message = f"{heads[number]}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        connection = socket.create_connection(("127.0.0.1", plan.port), 10)
        connection.sendall(message.encode())
        return connection

    time.sleep(max(0.0, begin - time.time()))
    started = time.perf_counter()
    statuses: Counter[int] = Counter()
    errors = 0
    exhausted = False
    waiting: deque[socket.socket] = deque()
    while True:
        over = time.perf_counter() - started >= seconds
        while not over and not exhausted and len(waiting) < IN_FLIGHT:
            connection = ask()
            if connection is None:
                exhausted = True
            else:
                waiting.append(connection)
        if not waiting:
            break
        try:
            statuses[_status(waiting.popleft())] += 1
        except (OSError, ValueError):
            errors += 1
    return {"seconds": time.perf_counter() - started, "statuses": statuses, "errors": errors, "exhausted": exhausted}


def _head(plan: Plan, step: Any) -> str:
    encoding = f"Accept-Encoding: {step.accept_encoding}\r\n" if step.accept_encoding else ""
    return f"{step.method} {step.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nConnection: close\r\n{encoding}"


def _status(connection: socket.socket) -> int:
    with connection:
        first = connection.recv(65536)
        while connection.recv(65536):
            pass
    return int(first[9:12])
