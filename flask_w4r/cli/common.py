"""What the command groups share."""

from __future__ import annotations

from math import isnan
from typing import Any

import click
from flask import Flask, current_app

from ..sections import Section
from ..services.audit import record as audit
from ..services.storage.unit_of_work import UnitOfWork
from ..state import W4RState, get_state


class Seconds(click.FloatRange):
    """A number of seconds within bounds. ``nan`` is within any, as Click compares."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what is no number."""
        if isnan(seconds := float(super().convert(value, param, ctx))):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


def state_and_app() -> tuple[W4RState, Flask]:
    """The library's state and the app itself."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return get_state(app), app


def choose_sections(code: str | None, *, several: bool = True) -> list[Section]:
    """The section named, or the only one, or with ``all`` every one.

    :raises click.UsageError: naming the sections there are.
    """
    state, _ = state_and_app()
    if code == "all" and several:
        return list(state.sections.values())
    if code is None and len(state.sections) == 1:
        return list(state.sections.values())
    for name, section in state.sections.items():
        if code is not None and name.lower() == code.lower():
            return [section]
    names = ", ".join(state.sections)
    also = ", or --section all" if several else ""
    problem = f"there is no section {code!r}" if code else "this site has several sections"
    raise click.UsageError(f"{problem}: say --section with one of {names}{also}")


def record(uow: UnitOfWork, section: Section, action: str, subject: str, *, count: int = 1, **changes: Any) -> None:
    """Write what a command did to the section's log. Call it last in the transaction.

    :param action: what was done, such as ``kit_imported``.
    :param subject: what it was done to, such as ``edition:2026``.
    :param changes: ``field=[before, after]``.
    """
    state = uow.state
    audit.append(
        uow.session, state.keyring, section, audit.CLI, action, subject, changes=changes, count=count, now=state.clock()
    )
