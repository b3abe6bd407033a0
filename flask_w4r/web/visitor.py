"""Who is asking: whether a request looked at its visitor, so that what was made may be kept for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app, g, request
from flask.globals import request_ctx
from werkzeug.local import LocalProxy


def _session() -> tuple[str, Any]:
    """Where Flask keeps the visitor's session, and the session, without the touch that ``flask.session`` would be."""
    held = vars(request_ctx._get_current_object())  # type: ignore[attr-defined]
    name = "_session" if "_session" in held else "session"
    return name, held.get(name)


@contextmanager
def login_on_demand() -> Iterator[None]:
    """Put off Flask-Login's look at the visitor until a layout asks for ``current_user``.

    It loads the user before every template, whether one is shown or not, so no page could be for all.
    """
    manager = getattr(current_app, "login_manager", None)
    if not hasattr(manager, "_load_user") or "_login_user" in g:
        yield
        return

    def load() -> Any:
        if g.get("_login_user") is waiting:
            del g._login_user
            manager._load_user()  # type: ignore[union-attr]
        return g.get("_login_user")

    g._login_user = waiting = LocalProxy(load)
    try:
        yield
    finally:
        if g.get("_login_user") is waiting:
            del g._login_user


def session_touched() -> bool:
    """Whether anything looked at the visitor's session in this request."""
    found = _session()[1]
    return bool(found is not None and found.accessed)


#: What a request works out, and then keeps, when somebody asks it about its visitor.
_ASKED = ("cookies", "user_agent", "accept_languages", "authorization")


def forget_looks() -> None:
    """Begin to watch: Flask itself read the cookies, for the session."""
    known: dict[str, Any] = request._get_current_object().__dict__  # type: ignore[attr-defined]
    for name in _ASKED:
        known.pop(name, None)


def looked_at() -> bool:
    """Whether anything looked at the visitor: at the session in this request, at the rest since :func:`forget_looks`."""
    known = vars(request._get_current_object())  # type: ignore[attr-defined]
    return session_touched() or any(name in known for name in _ASKED)


def leave_session_out() -> bool:
    """Leave the session out of this answer, unless it has something to keep for the visitor.

    Neither a cookie nor ``Vary`` belongs on what is for everybody. Such a page was made without a look at the visitor,
    so a hook that only reads the session (Flask-Login's does) changes nothing in it, and the renewal of a permanent
    session's cookie waits for the next page of the visitor's own.

    :returns: whether it is left out.
    """
    name, found = _session()
    if found is None:
        return True
    if found.accessed and found.modified:
        return False
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    setattr(request_ctx._get_current_object(), name, app.session_interface.make_null_session(app))  # type: ignore[attr-defined]
    return True
