"""``flask w4r section new``: a section table to begin with."""

from __future__ import annotations

import json
from pprint import pformat
from typing import Any

import click
from babel import Locale, UnknownLocaleError

from ..sections import load_section, preset_codes


@click.command("new")
@click.argument("code")
@click.option("--country", help="Two letters; where no preset has the code.")
@click.option("--name", help="What the section calls itself.")
@click.option(
    "--locale", "locales", multiple=True, help="A language of its pages, the first one first; may be repeated."
)
@click.option("--time-zone", help="Its clock, such as Europe/Vienna.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def new(
    code: str, country: str | None, name: str | None, locales: tuple[str, ...], time_zone: str | None, as_json: bool
) -> None:
    """Print a section table for CODE, ready to paste into the site's configuration.

    Where a preset has the code, the table begins with it. Nothing is written.
    """
    table = _table(code.upper(), country, name, locales, time_zone)
    section, faults = load_section(table, default_prefix="/write-for-rights", default_confirmation="email")
    if section is None or faults:
        raise click.UsageError("; ".join(faults))
    if as_json:
        click.echo(json.dumps(table, ensure_ascii=False))
        return
    click.echo("W4R_SECTION = " + pformat(table, sort_dicts=False, width=100))


def _table(
    code: str, country: str | None, name: str | None, locales: tuple[str, ...], time_zone: str | None
) -> dict[str, Any]:
    for locale in locales:
        try:
            Locale.parse(locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            raise click.BadParameter(f"there is no language {locale!r}", param_hint="--locale") from None
    own: dict[str, Any] = {"name": name, "country": country and country.upper(), "time_zone": time_zone}
    if locales:
        own |= {"locales": list(locales), "default_locale": locales[0]}
    given = {key: value for key, value in own.items() if value}
    if code in preset_codes():
        return {"preset": code, **given}
    lacking = [f"--{key.replace('_', '-')}" for key in ("name", "country", "time_zone") if key not in given]
    lacking += [] if locales else ["--locale"]
    if lacking:
        raise click.UsageError(f"no preset has the code {code}: say {', '.join(lacking)}")
    return {"code": code, **given}
