"""A worker process for tests to kill: ``python -m ...mail.worker DATABASE_URL PORT LEASE_SECONDS``."""

from __future__ import annotations

import sys

from flask import Flask
from flask.cli import ScriptInfo

from flask_w4r.cli import jobs as jobs_cli
from flask_w4r.mailers import SMTPMailer

from .world import make_engine, make_state, real_clock, words


def main() -> None:
    url, port, lease = sys.argv[1:]
    app = Flask("host")
    engine = make_engine(url)
    state = make_state(engine, real_clock)
    app.extensions["w4r"] = state
    state.lazy["made_mailer"] = SMTPMailer("127.0.0.1", int(port))
    vars(jobs_cli).update(
        render_mail=lambda app, *mail: words(*mail),
        section_url=lambda app, section, endpoint, *args, **values: f"/{endpoint}",
    )
    options = ["run", "--interval", "0.1", "--lease-seconds", lease, "--json"]
    try:
        jobs_cli.group.main(options, obj=ScriptInfo(create_app=lambda: app))
    finally:
        engine.dispose()


if __name__ == "__main__":
    main()
