"""Where what goes wrong in a command becomes a line for whoever typed it, and an exit status, in place of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click
from flask.cli import ScriptInfo
from sqlalchemy import exc

from ..errors import ConfigurationError, KitError, W4RError
from ..services.storage import schema
from ..state import get_state

#: What they say names tables, columns and servers. Others name what somebody typed: only their kind is told.
_SPEAKING = (exc.OperationalError, exc.InterfaceError, exc.ProgrammingError)


@contextmanager
def telling(context: click.Context) -> Iterator[None]:
    """Run a command; what it raises for want of tables, keys, a database or a file is said in words.

    A fault of ours stays a traceback: that is what a report needs.

    :param context: of the group that runs the command.
    :raises click.ClickException: the words, for status 1, or 2 where what was typed cannot be used.
    """
    try:
        yield
    except BrokenPipeError:
        # Whoever read the output has seen enough: Click ends quietly.
        raise
    except tuple(_WORDS) as error:
        words = next(say for kind, say in _WORDS.items() if isinstance(error, kind))
        raise words(error, context) from None


def _database(error: exc.SQLAlchemyError, context: click.Context) -> Exception:
    missing = _tables_missing(context) if getattr(error, "statement", None) else None
    if missing is not None:
        return click.ClickException(missing)
    reason = str(getattr(error, "orig", None) or "").splitlines()
    if isinstance(error, _SPEAKING) and reason:
        return click.ClickException(f"the database refused: {reason[0]}")
    return click.ClickException(f"the database did not do as it should ({type(error).__name__})")


def _tables_missing(context: click.Context) -> str | None:
    """What the tables lack, where the database can be asked."""
    app = context.ensure_object(ScriptInfo).load_app()
    with suppress(Exception), app.app_context():
        _, reader = get_state(app).engines(app)
        return next(iter(schema.check(reader)), None)
    return None


def _configuration(error: ConfigurationError, context: click.Context) -> Exception:
    return click.ClickException(f"flask_w4r cannot start: {'; '.join(error.faults)}")


def _kit(error: KitError, context: click.Context) -> Exception:
    # A fault a line.
    for fault in error.faults:
        click.echo(fault, err=True)
    return click.exceptions.Exit(1)


def _file(error: OSError, context: click.Context) -> Exception:
    reason = error.strerror or type(error).__name__
    return click.ClickException(f"{error.filename}: {reason}" if error.filename else reason)


def _text(error: UnicodeError, context: click.Context) -> Exception:
    return click.UsageError("what was given is not text in UTF-8")


_WORDS: dict[type[Exception], Callable[..., Exception]] = {
    ConfigurationError: _configuration,
    KitError: _kit,
    W4RError: lambda error, context: click.ClickException(str(error) or type(error).__name__),
    exc.SQLAlchemyError: _database,
    OSError: _file,
    UnicodeError: _text,
}
