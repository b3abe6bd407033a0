"""A host's own Alembic or Flask-Migrate leaves our tables to us.

A host with plain Alembic adds one line to its ``env.py``::

    from flask_w4r.migrations import include_object_for_hosts
    context.configure(..., include_object=include_object_for_hosts)

or ``include_object=compose(its_own)`` where it has one already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, appcontext_pushed

IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]
PREFIX = "w4r_"


def include_object_for_hosts(object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Alembic's ``include_object`` for a host: everything but our tables and what belongs to them.

    A host's own table with a foreign key to ours is the host's, key and all.

    :returns: ``False`` for a table named ``w4r_*`` and for its columns, indexes and constraints.
    """
    table = object if type_ == "table" else getattr(object, "table", None)
    owner = name if table is None and type_ == "table" else getattr(table, "name", None)
    return not str(owner or "").startswith(PREFIX)


def compose(existing: IncludeObject | None = None) -> IncludeObject:
    """Return an ``include_object`` that leaves our tables out and asks ``existing`` about all others.

    :param existing: the host's own function, if it has one.
    """
    if existing is None or existing is include_object_for_hosts or getattr(existing, "_w4r_composed", False):
        return existing or include_object_for_hosts
    hosts = existing

    def include_object(object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
        ours_left_out = include_object_for_hosts(object, name, type_, reflected, compare_to)
        return ours_left_out and hosts(object, name, type_, reflected, compare_to)

    include_object._w4r_composed = True  # type: ignore[attr-defined]
    return include_object


def protect_from_flask_migrate(app: Flask) -> None:
    """Make Flask-Migrate leave our tables to us, whether the host sets it up before this call or after it.

    Its commands run in an app context, so that is when a Flask-Migrate that came late is met.

    :param app: the host's app.
    """
    _compose_into(app)

    def meet(sender: Flask, **_: Any) -> None:
        _compose_into(sender)

    # A function of this app's own, since only all that is connected to one can be disconnected for good.
    app.extensions["w4r_migrate"] = meet
    appcontext_pushed.connect(meet, app)


def stop_waiting_for_flask_migrate(app: Flask) -> None:
    """Meet a Flask-Migrate that came late for the last time, since the app serves: every request has a context.

    :param app: the host's app.
    """
    _compose_into(app)
    meet = app.extensions.pop("w4r_migrate", None)
    if meet is not None:
        appcontext_pushed.disconnect(meet)


def _compose_into(app: Flask) -> None:
    arguments = getattr(app.extensions.get("migrate"), "configure_args", None)
    if arguments is not None:
        arguments["include_object"] = compose(arguments.get("include_object"))
