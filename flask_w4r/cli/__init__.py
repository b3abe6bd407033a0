"""``flask w4r ...``: one module a capability, loaded when one of its commands is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click
from flask.cli import AppGroup

from ..capabilities import CAPABILITIES
from ..seam import Seam


class LazyGroup(AppGroup):
    """A group whose commands are known by name, and imported when they are asked for."""

    def __init__(self, name: str, targets: Mapping[str, str], help: str) -> None:
        super().__init__(name, help=help)
        self.targets = dict(targets)

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command, sorted."""
        return sorted({*super().list_commands(context), *self.targets})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of a name, or ``None``."""
        if name in self.targets:
            module, _, attribute = self.targets[name].partition(":")
            found: click.Command = getattr(import_module(module), attribute)
            return found
        return super().get_command(context, name)

    def load(self) -> dict[str, click.Command]:
        """Every command by name, all of them imported: for documentation."""
        context = click.Context(self)
        found = ((name, self.get_command(context, name)) for name in self.list_commands(context))
        return {name: command for name, command in found if command is not None}


w4r_group = LazyGroup("w4r", Seam(CAPABILITIES).commands, help="Write for Rights.")
