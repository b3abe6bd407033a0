"""What a section's data protection officer needs: a record of processing, and words for a privacy notice.

Both are made from the configuration in force and from what every capability says of itself, so that neither forgets a table.
The record has what GDPR 30(1) asks for, as far as software can know it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from ...config import W4RConfig
from ...i18n import gettext, listing, ngettext, use_locale
from ...seam import Seam
from ...sections import Section
from ...sections.days import days_of
from ...state import W4RState
from ..people import consents


@dataclass(frozen=True)
class Entry:
    """One line of the record of processing.

    :ivar activity: the capability.
    :ivar purpose: why.
    :ivar table: where.
    :ivar columns: what of it is personal: sealed, or a keyed hash.
    :ivar kept: how long.
    """

    activity: str
    purpose: str
    table: str
    columns: Sequence[str]
    kept: str

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "columns": list(self.columns)}


def record(seam: Seam, section: Section, kept: Mapping[str, int]) -> list[Entry]:
    """All that is personal, table by table.

    :param kept: ``W4R_RETENTION``.
    """

    def words(rule: str | None, why: str) -> str:
        found = re.sub(
            r"``(\w+_days)``",
            lambda days: f"{days_of(section, days[1], kept)} days",
            str(seam.retention[rule].keeps) if rule else "",
        )
        return "; ".join(part for part in (found, why) if part)

    with use_locale("en"):
        return [
            Entry(one.name, one.purpose, item.table, tuple(item.columns), words(item.rule, item.why))
            for one in seam.capabilities
            for item in one.personal
        ]


def recipients(config: W4RConfig, section: Section, hooks: Any) -> list[str]:
    """Who else gets to see something, in words; nobody but the authorities unless the site says so."""
    found = []
    if config.captcha_kind == "hcaptcha":
        found.append(gettext("hCaptcha (Intuition Machines, Inc.), which checks that a form is not sent by a program"))
    for hook in hooks.webhooks:
        if not hook.sections or section.code in hook.sections:
            found.append(gettext("Our own records of supporters at %(host)s", host=urlsplit(hook.url).hostname or ""))
    if hooks.subscriber_sink is not None:
        found.append(gettext("Our own records of supporters"))
    if config.map_tiles:
        host = urlsplit(str(config.map_tiles["url"]).replace("{", "").replace("}", "")).hostname or ""
        found.append(
            gettext("%(host)s, which draws the map, and learns the network address of whoever looks at it", host=host)
        )
    return found


def notice(state: W4RState, section: Section, locale: str) -> list[tuple[str, str]]:
    """Words for a privacy notice, from the configuration in force.

    :param locale: one of the section's languages.
    :returns: headings and paragraphs, in their order. A section's counsel reads them before they are used.
    """
    config, kept = state.config, state.config.retention

    def days(name: str) -> str:
        number = days_of(section, name, kept)
        return ngettext("%(num)s day", "%(num)s days", number)

    with use_locale(locale):
        others = recipients(config, section, state.hooks)
        handed = listing([_PARTS[name]() if name in _PARTS else name for name in section.handed_over])
        return [
            (gettext("Who is responsible"), f"{section.name}. {section.contact or ''}".strip()),
            (
                gettext("What we keep, and why"),
                gettext(
                    "When you sign: your name, your email address and what else you fill in, to count you once and to hand over your signature. When you come to an event or host one: your name, your email address and what you tell us about the event. What you fill in is encrypted. We keep no network address, only a coded trace of it for 14 days, to tell people from programs."
                ),
            ),
            (
                gettext("By what right"),
                gettext("With your consent, which you can withdraw at any time. What you agree to when you sign:")
                + f" “{consents.question(section, consents.PETITION, locale).text}”",
            ),
            (
                gettext("Who gets to see it"),
                gettext(
                    "The authorities whom a petition is addressed to get this of each signature, unless you ask us to keep your name back: %(parts)s. Never your email address or phone number.",
                    parts=handed,
                ),
            ),
            (
                gettext("Who else"),
                " ".join(f"{one}." for one in others) or gettext("Nobody. No other company processes your data on this site."),
            ),
            (
                gettext("How long"),
                gettext(
                    "Signatures that you do not confirm: %(pending)s. Signatures that were handed over: %(delivered)s; then only the number is left. Where you asked us to keep your name back: %(withheld)s. Events: %(event)s after the event.",
                    pending=days("pending_days"), delivered=days("delivered_days"), withheld=days("withheld_days"),
                    event=days("event_days"),
                ),
            ),
            (
                gettext("Your rights"),
                gettext(
                    "You can see, download, correct and erase what we hold about you, and withdraw your consent, on the page “My data” of this site. You can also write to us, and complain to your data protection authority."
                ),
            ),
            (
                gettext("Cookies"),
                gettext(
                    "Reading and signing need none. After you open a link in one of our emails, a cookie remembers for two hours that you did."
                ),
            ),
        ]  # fmt: skip


_PARTS = {"name": lambda: gettext("your name"), "country": lambda: gettext("your country")}
