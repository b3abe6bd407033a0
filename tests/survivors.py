"""Faults that live in the rooms of ``tests/mutants.py``, and why no test can or need find them.

By the function, without its package's beginning, and what the fault puts there: numbers of faults move with each line
that is added. A reason is one of two: the fault changes nothing that anybody can meet, or what it changes is asked for by
another than the room's own quick tests, which is then named.
"""

from __future__ import annotations

import re

#: By function: what the changed lines say, and the reason.
EXPLAINED: dict[str, dict[str, str]] = {
    "services.people.rotation.rotate_keys": {
        "session.execute(update(column.table).where(column == sealed).values({column.name: fresh}))": (
            "no two values are sealed alike, since each has a random start of its own: the old value names the row too"
        ),
    },
    "antiabuse.formtoken.check": {
        "if len(token) >= _LONGEST or not token.isascii() or not body:": (
            "a token of just that length is none of ours, so its signature is refused where its length is not"
        ),
    },
    "services.audit.keep._due": {
        "due = select(AuditHead.section).where(AuditHead.section.in_(codes), ~exists().where(mailed))": (
            "a head comes into being with its first entry, in one transaction, and who writes the mail looks at it again"
        ),
    },
    "services.events.geojson.renew": {
        'select(Case.id).where(Case.section == lens.section.code, Case.status == "withdrawn").order_by(None)': (
            "SQLite gives them in that order of itself; on a server another order would build the same document anew"
        ),
    },
    "services.rsvps.ask.ask": {
        "offered = offer_on(session, None, section, event, now=now)": (
            "who comes already frees what they claimed in the same act, and it could be claimed since nobody waits for it"
        ),
    },
    "services.rsvps.seats.claim": {
        ".execution_options(synchronize_session=None)": "SQLAlchemy brings nothing up to date for None either",
    },
    "services.events.calendars._entry": {
        'entry.add("LAST-MODIFIED", changed.astimezone(None))': "the calendars' library brings this value to UTC itself",
        'entry.add("ORGANIZER", organizer, )': "an address is a calendar's value already, so that it is not made one again",
    },
    "services.events.geojson._feature": {
        'link = slug if slug.isascii() and slug.replace("XX-XX", "").isalnum() else _url_quote(slug)': (
            "a slug with a hyphen stays as it is when it is quoted: only time is lost"
        ),
    },
    "services.mail.caps.mails_today": {
        'func.coalesce(func.sum(case((OutboxMail.state == "sent", 1), else_=0)), 1),': (
            "each group has a row, so that its sum is never nothing"
        ),
    },
    "services.tally.recount._people": {
        "for (sealed,) in session.execute(select(Signature.person).where(*named)).yield_per(None):": (
            "how many rows are fetched at a time changes none of them"
        ),
    },
    "services.tally.counts.uncount_signatures": {
        "_lock_people(session, edition_id, sorted(keyring.blind(person_scope(section, None), one) for one in known))": (
            "nobody waits on SQLite: tests/tally/test_people.py finds it on servers, with two who withdraw at one moment"
        ),
    },
    "services.people.tokens.issue_all": {
        "for raw, (section_code, purpose, payload) in zip(made, asked, strict=None)": (
            "one is made for each that is asked for, two lines before"
        ),
    },
    "services.people.tokens._touch": {
        'result = session.execute(statement, execution_options={"XXsynchronize_sessionXX": False})': (
            "no session holds tokens as objects, so there is none to bring up to date: only time is lost"
        ),
    },
}


def reason(name: str, change: str) -> str | None:
    """Why a fault lives; ``None``: nobody says.

    :param name: mutmut's.
    :param change: its difference, as mutmut shows it.
    """
    added = [line[1:].strip() for line in change.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return EXPLAINED.get(function(name), {}).get(" ".join(added))


def function(name: str) -> str:
    """The function that a fault stands in, such as ``services.audit.verify.verify`` or ``keyring.Keyring.seal``."""
    module, _, mangled = name.removeprefix("flask_w4r.").rpartition(".")
    plain = re.sub(r"__mutmut_\d+$", "", mangled)
    inner = plain.removeprefix("x_") if plain.startswith("x_") else plain.removeprefix("xǁ").replace("ǁ", ".")
    return f"{module}.{inner}"
