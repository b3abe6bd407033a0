"""Messages to the person at risk, made up, for a host's own tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import select

from ..models import Case, Message
from ..services.messages.decisions import key_of
from ..services.messages.written import email_scope
from ..services.people.addresses import parse_address
from ..services.storage.unit_of_work import UnitOfWork, run
from ..services.tally.counts import change as change_counts
from ..services.tally.keys import Key
from ..state import get_state

#: What each of them says, unless told otherwise.
WORDS = "Dear friend, we think of you every day."


def make_messages(
    app: Flask, slug: str, count: int, *, section: str | None = None, state: str = "approved", **given: Any
) -> list[int]:
    """Put messages on a case as if they had been written and looked at; the case takes them from then on.

    :param section: the section's code; default: the only one.
    :param state: how they stand; those that are approved count.
    :param given: ``text name email country``, and columns of ``Message``, for all of them; a function takes the message's number
        and returns the value.
    :returns: their ids.
    """
    site = get_state(app)
    place = site.sections[section] if section else next(iter(site.sections.values()))

    def work(uow: UnitOfWork) -> list[int]:
        case = uow.session.scalars(select(Case).where(Case.section == place.code, Case.slug == slug)).one()
        if case.solidarity.get("route", "none") == "none":
            case.solidarity = {**case.solidarity, "route": "section"}
        ids, counted = [], Counter[Key]()
        for number in range(1, count + 1):
            row = _made_up(uow, place.code, case.id, state, given, number)
            uow.session.add(row)
            uow.session.flush()
            ids.append(row.id)
            counted[key_of(place, row)] += 1
        if state == "approved":
            change_counts(uow.session, place, counted)
        return ids

    return run(app, work)


def _value(value: Any, number: int) -> Any:
    return value(number) if callable(value) else value


def _made_up(uow: UnitOfWork, code: str, case_id: int, state: str, given: Mapping[str, Any], number: int) -> Message:
    now, keyring = uow.state.clock(), uow.state.keyring
    own = {name: _value(value, number) for name, value in given.items()}
    text, name = own.pop("text", WORDS), own.pop("name", "Sam")
    country, email = own.pop("country", "AU"), own.pop("email", f"made-up-{number}@example.org")
    canonical = parse_address(email, test_environment=True).canonical
    proved = now if state != "pending" else None
    return Message(**{
        "section": code, "case_id": case_id, "state": state, "version": 1, "locale": "en", "reasons": [],
        "email_index": keyring.blind(email_scope(code, case_id), canonical), "words": keyring.seal(text),
        "person": keyring.seal_json({"name": name, "country": country, "email": email}), "created_at": now, "updated_at": now,
        "confirmed_at": proved, "held_at": now if state == "submitted" else None, "approved_at": now if state == "approved" else None,
        **own,
    })  # fmt: skip
