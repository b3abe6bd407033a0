"""``flask w4r audit``: is the log as it was written, and where does it end?"""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from ..services.audit import record as audit_service
from ..services.audit import verify as audit_verify
from ..services.storage.unit_of_work import read
from .common import choose_sections, state_and_app

audit = AppGroup("audit", help="The log of what staff and commands have done.")
#: So many faults are printed of one section; JSON has them all.
_SHOWN = 20
_section = click.option("--section", "code", help="The section's code; all of them by default.")


@audit.command("verify")
@click.option("--expect", metavar="HEAD", help="A head noted or emailed earlier: the log must still contain it.")
@_section
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(expect: str | None, code: str | None, as_json: bool) -> None:
    """Find entries that were changed, moved or removed, and a log that was cut short. Exits with 1 if anything is wrong.

    The database alone cannot show that its newest entries and the stored head were both set back: use --expect.
    """
    state, app = state_and_app()
    codes = _codes(code)
    wanted = None
    if expect is not None:
        if len(codes) > 1:
            raise click.UsageError("--expect is about one section's log: say --section")
        try:
            wanted = audit_verify.parse_head(expect)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--expect") from None
    reports = [
        read(app, lambda session, name=name: audit_verify.verify(session, state.keyring, name, expect=wanted))  # type: ignore[misc]
        for name in codes
    ]
    if as_json:
        sound = all(not report.faults for report in reports)
        click.echo(json.dumps({"ok": sound, "sections": [report.as_dict() for report in reports]}))
    else:
        for report in reports:
            _tell(report)
    if any(report.faults for report in reports):
        raise SystemExit(1)


def _codes(code: str | None) -> list[str]:
    """The section named, else every one that the site has or once had."""
    state, app = state_and_app()
    logged = read(app, audit_verify.sections_logged)
    if code is None or code == "all":
        return list(dict.fromkeys([*state.sections, *logged]))
    gone = [name for name in logged if name.lower() == code.lower() and name not in state.sections]
    return gone or [section.code for section in choose_sections(code, several=False)]


def _tell(report: audit_verify.Report) -> None:
    for fault in report.faults[:_SHOWN]:
        click.echo(f"{report.section}: {fault.text}")
    if len(report.faults) > _SHOWN:
        click.echo(f"{report.section}: and {len(report.faults) - _SHOWN} more")
    words = f"{len(report.faults)} faults" if report.faults else "sound"
    since = f", after the {report.begins_after} that were removed" if report.begins_after else ""
    click.echo(f"{report.section}: {words}; {report.entries} entries{since}; head {report.head}")


@audit.command("head")
@_section
def head(code: str | None) -> None:
    """Print the head of the log. Keep it elsewhere, and give it to 'audit verify --expect' later."""
    _, app = state_and_app()
    for section in choose_sections(code or "all"):
        click.echo(f"{section.code} {read(app, lambda session: audit_service.head(session, section))}")
