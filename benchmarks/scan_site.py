"""The example site as the scanners meet it: not debugging, limits out of the way, so that every request is answered."""

from __future__ import annotations

from flask import Flask

from example_app import create_app, first_start, flood, settings

#: High enough that a scanner's thousands of requests reach the code behind the limits.
UNLIMITED = dict.fromkeys(
    ("sign_host", "sign_site", "sign_block", "sign_uncaptcha", "token_host", "confirm_host", "desk_find"),
    "1000000/minute",
)


def make() -> Flask:
    """Make the site on the instance folder of ``EXAMPLE_INSTANCE``."""
    return create_app({"W4R_RATE_LIMITS": UNLIMITED})


def set_up() -> None:
    """Keys, tables, cases, a demo flood for the desk, and accounts, whose passwords are printed."""
    first_start.write_keys(settings.INSTANCE)
    app = make()
    first_start.run_command(app, "w4r", "db", "upgrade")
    first_start.run_command(app, "w4r", "demo")
    lines = first_start.make_accounts(app)
    with app.app_context():
        flood.seed(app)
    print("\n".join(lines))


if __name__ == "__main__":
    set_up()
