"""Small host sites with our library in them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_w4r import W4R

CONVENTION = {
    "ix": "hosts_ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "hosts_uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "hosts_ck_%(table_name)s_%(constraint_name)s",
    "fk": "hosts_fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "hosts_pk_%(table_name)s",
}


def make_host(url: str, *, convention: bool = False, **config: Any) -> tuple[Flask, SQLAlchemy]:
    """A host with a page of its own and a table that refers to our cases."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=CONVENTION if convention else None)

    app = Flask("host")
    app.config.from_mapping(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": url,
            "W4R_SECTION": "AU",
            "W4R_BASE_URL": "http://localhost",
            **config,
        }
    )
    db = SQLAlchemy(model_class=Base)

    class Note(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "note"
        id: Mapped[int] = mapped_column(primary_key=True)
        if "W4R_BIND_KEY" not in config:
            case_id: Mapped[int] = mapped_column(ForeignKey("w4r_case.id"), index=True)

    db.init_app(app)
    W4R(app, db)
    return app, db


def invoke(app: Flask, *arguments: str, answer: str | None = None) -> tuple[int, str]:
    """Run a ``flask w4r db`` command; return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=["w4r", "db", *arguments], input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def close(app: Flask, db: SQLAlchemy) -> None:
    """Give the connections back."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
