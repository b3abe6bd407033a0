"""The example site, served on loopback to a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from example_app import create_app
from flask_w4r.cli.jobs import tools_for
from flask_w4r.keyring import generate_key
from flask_w4r.services.jobs.rounds import run_until_stopped

#: Of Chromium's command line.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Served:
    """The example site as it is served: its base URL, and the app, for what a test needs to be there."""

    base: str
    app: Flask


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Serve the example site with the real cases and a worker that sends mail to its mailbox, until the block ends.

    :param folder: an empty one, for its database.
    """
    config: dict[str, Any] = {
        "DEBUG": True,
        "SECRET_KEY": "only for tests",
        "W4R_ENCRYPTION_KEYS": [generate_key()],
        "W4R_INDEX_KEY": generate_key(),
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'site.sqlite3'}",
        # Every page of this run comes from one address.
        "W4R_RATE_LIMITS": {"sign_uncaptcha": "1000/hour"},
    }
    bound = make_server("127.0.0.1", 0, lambda environ, start: [])
    port = bound.server_port
    bound.server_close()
    base = f"http://127.0.0.1:{port}"
    app = create_app({**config, "W4R_BASE_URL": base}, instance_path=folder)
    # The walks know the cases of one edition; which is the newest does not matter to them.
    for words in (("w4r", "db", "upgrade"), ("w4r", "demo", "--year", "2024")):
        with app.app_context():
            result = app.test_cli_runner().invoke(args=list(words))
        assert result.exit_code == 0, result.output
    stop = threading.Event()
    worker = threading.Thread(
        target=run_until_stopped, args=(app, tools_for(app, stop=stop)), kwargs={"interval": 0.1}, daemon=True
    )
    server = make_server("127.0.0.1", port, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    serving.start()
    yield Served(base, app)
    stop.set()
    server.shutdown()
    serving.join()
    worker.join()
    server.server_close()
