"""Setting a site up when it is used, where a command line has only asked which commands there are.

``flask --help`` makes the host's app to list its commands. All else that the library adds to it (tables, pages, rules) would
be loaded for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

import click
from flask import Flask, appcontext_pushed
from flask.cli import FlaskGroup


def only_looked_for() -> bool:
    """Whether the app is being made by the ``flask`` command to see what commands it has, and nothing runs yet."""
    context = click.get_current_context(silent=True)
    root = context.find_root() if context is not None else None
    return root is not None and isinstance(root.command, FlaskGroup) and root.invoked_subcommand is None


class Waiting:
    """Stands in for the state of an app until somebody uses the app: pushes its context, or asks for the state.

    Flask pushes it too to list the host's own commands, having asked the app for their names. That is no use.
    """

    def __init__(self, app: Flask, set_up: Callable[[], Any]) -> None:
        self._app, self._set_up, self._lock = app, set_up, RLock()
        self._names = app.cli.list_commands
        self._listed: click.Context | None = None
        app.cli.list_commands = self._list_commands  # type: ignore[assignment]
        appcontext_pushed.connect(self._used, app, weak=False)

    def _list_commands(self, context: click.Context) -> list[str]:
        self._listed = context.find_root()
        return self._names(context)

    def _used(self, sender: Flask, **more: Any) -> None:
        if not (only_looked_for() and self._listed is click.get_current_context().find_root()):
            self.end()

    def end(self) -> Any:
        """Set the app up, once, whoever comes first; the others wait until it is done.

        :returns: the state.
        """
        with self._lock:
            if self._app.extensions["w4r"] is self:
                self._set_up()
                appcontext_pushed.disconnect(self._used, self._app)
                self._app.cli.list_commands = self._names
        return self._app.extensions["w4r"]
