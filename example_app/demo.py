"""The demonstration: sets everything up, sends mail to the mailbox and serves the site."""

from __future__ import annotations

import os
import signal
import socket
import threading
from types import FrameType

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_w4r.cli.jobs import tools_for
from flask_w4r.services.jobs.rounds import run_until_stopped

from . import create_app, flood, settings
from .first_start import make_accounts, run_command, write_keys

HOST = "127.0.0.1"
PLACES = """
  Where to click

    The site              {0}/
    Australia, English    {0}/au/
    Morocco, Arabic       {0}/ma/
    Morocco, French       {0}/ma/fr/
    Events and their map  {0}/au/events    "Demo event: not real", every one
    Schools               {0}/au/schools   the demo school's own pages are below
    Mails that were sent  {0}/mailbox/      open one, press its button, see the count rise
    Sign in as staff      {0}/staff/sign-in
    The desk              {0}/au/moderation/   {0}/ma/moderation/
"""


class QuietHandler(WSGIRequestHandler):
    """Logs no requests: the paths of confirmation links are secrets."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens on.

    :raises OSError: fifty ports in a row are taken.
    """
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {first} upwards")


def end(number: int, frame: FrameType | None) -> None:
    """Treat SIGTERM like Ctrl+C."""
    raise KeyboardInterrupt


def work(app: Flask, stop: threading.Event) -> None:
    """Mail, the desk's numbers, invalidations: the worker that ``flask w4r jobs run`` starts on a real site, as a thread."""
    with app.app_context():
        run_until_stopped(app, tools_for(app, stop=stop), interval=1.0)


def main() -> None:
    """Set everything up and serve until interrupted."""
    port = free_port(int(os.environ.get("PORT", "5000")))
    base_url = f"http://{HOST}:{port}"
    # One process on one machine: limits may count in memory and cookies may travel without TLS.
    config = {"DEBUG": True, "W4R_BASE_URL": base_url}
    write_keys(settings.INSTANCE)
    app = create_app(config)
    print("Setting up the database, cases and accounts ...", flush=True)
    run_command(app, "w4r", "db", "upgrade")
    said = run_command(app, "w4r", "demo")
    run_command(app, "w4r", "places", "load")
    accounts = make_accounts(app)
    with app.app_context():
        made = flood.seed(app)

    stop = threading.Event()
    threading.Thread(target=work, args=(app, stop), daemon=True).start()
    server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, end)
    print(PLACES.format(base_url))
    if made:
        print(f"  For the desk of Australia: {made}\n")
    print("  The demo school: its teacher, classes and projector (made up)\n")
    print("\n".join(f"    {line}" for line in said.splitlines() if "/school/" in line or "/class/" in line), "\n")
    print("  Accounts (passwords are shown only this once)\n")
    print("\n".join(accounts), "\n\n  Nothing is delivered to anyone. Press Ctrl+C to stop.\n", flush=True)
    server.serve_forever()  # ends, quietly, on KeyboardInterrupt
    stop.set()
    print("\nBye.")
