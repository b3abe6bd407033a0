"""What the demonstration needs once: keys, tables, cases and accounts."""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from flask_w4r.keyring import generate_key

from . import settings
from .users import ROLES, User, db, save_user


def write_keys(folder: Path) -> None:
    """Make this demonstration's keys, once."""
    file = folder / settings.KEYS_FILE
    if file.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "W4R_ENCRYPTION_KEYS": generate_key(),
        "W4R_INDEX_KEY": generate_key(),
    }
    file.touch(mode=0o600)
    file.write_text("".join(f"{name} = {value!r}\n" for name, value in lines.items()), "utf-8")


def run_command(app: Flask, *words: str) -> str:
    """Run ``flask ...`` in this process, and end with its words where it fails.

    :returns: what it said.
    """
    with app.app_context():
        result = app.test_cli_runner().invoke(args=list(words))
    if result.exit_code != 0:
        raise SystemExit(f"flask {' '.join(words)} failed:\n{result.output}{result.exception or ''}")
    return result.output


def make_accounts(app: Flask) -> list[str]:
    """Make an account for each role, once.

    :returns: a line for each, with the password of those made now.
    """
    lines = []
    with app.app_context():
        User.__table__.create(db.engine, checkfirst=True)
        known = set(db.session.scalars(select(User.name)))
        for role in ROLES:
            if role in known:
                words = f"created earlier; to set a new password: flask --app example_app users password {role}"
            else:
                words = f"password {save_user(role, role)}"
            lines.append(f"    {role:<14} {words}")
    return lines
