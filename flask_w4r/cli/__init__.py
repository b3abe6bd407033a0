"""``flask w4r ...``: one module a capability, loaded when one of its commands is called.

Flask loads this module for every app in an environment where the library is installed, be it for ``flask --help``; so
even which commands there are is asked only by who calls ``flask w4r``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

import click
from flask.cli import AppGroup


class LazyGroup(AppGroup):
    """A group whose commands are known by name, and imported when they are asked for."""

    def __init__(self, name: str, targets: Callable[[], Mapping[str, str]], help: str) -> None:
        super().__init__(name, help=help)
        self._find_targets = targets

    @cached_property
    def targets(self) -> Mapping[str, str]:
        """Commands by name, ``module:attribute``."""
        return dict(self._find_targets())

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


class W4RGroup(LazyGroup):
    """All of our commands. What goes wrong in any of them is said in words, see ``boundary``."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """No shell can give such an argument; who calls a command from a program can."""
        if any("\0" in arg for arg in args):
            raise click.UsageError("an argument holds a NUL character", context)
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        """Run a command within the boundary."""
        from .boundary import telling

        with telling(context):
            return super().invoke(context)


def _commands() -> Mapping[str, str]:
    from ..capabilities import CAPABILITIES
    from ..seam import Seam

    return Seam(CAPABILITIES).commands


w4r_group = W4RGroup("w4r", _commands, help="Write for Rights.")
