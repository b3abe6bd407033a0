"""What the host's app says of us and of itself, read and checked when the library is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from .errors import ConfigurationError
from .sections import Section

if TYPE_CHECKING:
    from .config import W4RConfig


def configure(app: Flask, db: Any) -> tuple[W4RConfig, tuple[Section, ...], Any]:
    """Read and check what the app is configured with.

    :returns: the configuration, the sections, and the host's SQLAlchemy object.
    :raises ConfigurationError: every fault at once.
    """
    from .config import W4RConfig

    relaxed = bool(app.debug or app.testing)
    faults: list[str] = []
    try:
        config, sections = W4RConfig.from_mapping(app.config, relaxed=relaxed)
    except ConfigurationError as error:
        faults += error.faults
    mail_url = app.config.get("W4R_MAIL_URL")
    if isinstance(mail_url, str) and mail_url.strip():
        from .mailers import mailer_from_url

        try:
            mailer_from_url(mail_url)
        except ConfigurationError as error:
            faults += error.faults
    database = db if db is not None else app.extensions.get("sqlalchemy")
    if database is None:
        faults.append("database: pass the host's SQLAlchemy object, W4R.init_app(app, db)")
    # Once the database is set up its binds are known; before that they are looked at with the first request.
    bind = app.config.get("W4R_BIND_KEY")
    if bind and "sqlalchemy" in app.extensions and bind not in (app.config.get("SQLALCHEMY_BINDS") or {}):
        faults.append(f"W4R_BIND_KEY: SQLALCHEMY_BINDS has no {bind!r}; add it there")
    if not app.secret_key and not relaxed:
        faults.append("SECRET_KEY: missing; forms are signed with it")
    if faults:
        raise ConfigurationError(faults)
    return config, sections, database


def secret_key(app: Flask) -> str:
    """The key that the host signs with; one for this process where it has none, in debug and testing only."""
    from .keyring import generate_key

    key = app.secret_key or generate_key()
    return key.decode("latin-1") if isinstance(key, bytes) else key


def translation_directories(app: Flask) -> tuple[str, ...]:
    """The host's own directories, where it may overrule our words under the domain ``flask_w4r``."""
    from pathlib import Path

    text = str(app.config.get("BABEL_TRANSLATION_DIRECTORIES", "translations"))
    paths = [Path(app.root_path) / part.strip() for part in text.split(";") if part.strip()]
    return tuple(str(path) for path in paths if path.is_dir())
