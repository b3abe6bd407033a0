"""A worker process for tests to kill: it hands over what waits for programs, again and again."""

from __future__ import annotations

import time

from flask_w4r.cli.jobs import tools_for
from flask_w4r.services.webhooks import send
from tests.own_process import create_app


def run(lease_seconds: float) -> None:
    """Until it is killed."""
    app = create_app()
    tools = tools_for(app, lease_seconds=lease_seconds)
    while not tools.stop.wait(0.02):
        send.job(app, tools)
        time.sleep(0)
