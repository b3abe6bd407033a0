"""Accounts of the staff, and ``flask users``."""

from __future__ import annotations

import secrets

import click
from flask.cli import AppGroup
from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

ROLES = ("moderator", "administrator")
#: scrypt with 32 MB of memory for each guess.
METHOD = "scrypt:32768:8:1"
LEAST_LENGTH = 12
#: Compared with where there is no such account, so that both answers take as long.
NOBODY = generate_password_hash(secrets.token_hex(), METHOD)


class Base(DeclarativeBase):
    """This site's own tables."""


db = SQLAlchemy(model_class=Base)


class User(UserMixin, db.Model):  # type: ignore[misc,name-defined]
    """An account of the staff."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(db.String(80), unique=True)
    role: Mapped[str] = mapped_column(db.String(20))
    password_hash: Mapped[str] = mapped_column(db.String(255))


users = AppGroup("users", help="Staff accounts.")


def check_user(name: str, password: str) -> User | None:
    """Return the account with this name and password."""
    user = db.session.scalar(select(User).where(User.name == name))
    right = check_password_hash(user.password_hash if user else NOBODY, password)
    return user if right else None


def save_user(name: str, role: str | None = None, password: str | None = None) -> str:
    """Make an account, or give an old one a new password.

    :returns: the password, generated where none is given.
    :raises ValueError: there is no such account and no role to make one with, or the password is short.
    """
    if password and len(password) < LEAST_LENGTH:
        raise ValueError(f"a password needs {LEAST_LENGTH} characters or more")
    User.__table__.create(db.engine, checkfirst=True)
    password = password or secrets.token_urlsafe(12)
    user = db.session.scalar(select(User).where(User.name == name))
    if user is None:
        if role is None:
            raise ValueError(f"there is no account {name!r}")
        user = User(name=name)
        db.session.add(user)
    user.role = role or user.role
    user.password_hash = generate_password_hash(password, METHOD)
    db.session.commit()
    return password


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option(
    "--password", prompt="Password (leave empty to generate one)", default="", hide_input=True, show_default=False
)
def add_user(name: str, role: str, password: str) -> None:
    """Make an account, or change its role and password."""
    try:
        chosen = save_user(name, role, password or None)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is {role}." + ("" if password else f" Password: {chosen}"))


@users.command("password")
@click.argument("name")
def new_password(name: str) -> None:
    """Give an account a new password and print it."""
    try:
        click.echo(save_user(name))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
