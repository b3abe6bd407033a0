"""A database of many signatures, made by sets: each with an index and a seal of its own, as if it had been typed and sent.

``COPY`` writes some thousand rows at a time; sealing them is nearly all of it, about half a minute for a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from flask_w4r.keyring import Keyring
from flask_w4r.sections import Section
from flask_w4r.services.tally.counts import person_scope, signature_scope

_COLUMNS = (
    "id", "section", "case_id", "state", "version", "email_index", "slot", "details_index", "name_index", "person",
    "withhold_name", "newsletter", "locale", "reasons", "score", "captcha", "created_at", "updated_at", "confirmed_at",
)  # fmt: skip
_FIRST = ("Sam", "Noor", "Élodie", "आशा", "علي", "Zoë", "Nguyễn", "Wanjiru", "Jörg", "Ana María")
_LAST = ("Sample", "Haddad", "Müller", "Okafor", "Tanaka", "O'Neill", "García López", "Khan", "Dubois", "Park")
#: One in so many asked that the name be kept back; one in so many for the newsletter.
WITHHELD, SUBSCRIBED = 20, 3


def fill(database: str, keyring: Keyring, section: Section, case_ids: Sequence[int], count: int) -> None:
    """Put confirmed signatures on some cases, in turn.

    :param database: the URL of a PostgreSQL database with our tables.
    :param count: of signatures; none stand there yet.
    """
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY w4r_signature ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in _rows(keyring, section, case_ids, count):
                copy.write_row(row)
        cursor.execute("SELECT setval(pg_get_serial_sequence('w4r_signature', 'id'), max(id)) FROM w4r_signature")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE w4r_signature")


def fill_people(database: str, keyring: Keyring, section: Section, edition_id: int, count: int) -> None:
    """Note the same people as seen by the edition, as counting each of them would."""
    scope = person_scope(section, edition_id)
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY w4r_edition_person (section, edition_id, person_index) FROM STDIN") as copy:
            for number in range(1, count + 1):
                copy.write_row((section.code, edition_id, keyring.blind(scope, _email(number))))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE w4r_edition_person")


def _email(number: int) -> str:
    return f"person{number}@mail{number % 97}.example.org"


def _rows(keyring: Keyring, section: Section, case_ids: Sequence[int], count: int) -> Iterator[tuple[Any, ...]]:
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=30)
    scopes = {number: signature_scope(section, number) for number in case_ids}
    reasons = json.dumps([])
    for number in range(1, count + 1):
        case_id = case_ids[number % len(case_ids)]
        email = _email(number)
        person = {
            "first_name": _FIRST[number % 10], "last_name": f"{_LAST[number // 10 % 10]} {number}", "email": email,
            "phone": f"+61 4{number:08}", "postcode": f"{number % 9000 + 1000}",
        }  # fmt: skip
        index = keyring.blind(scopes[case_id], email)
        at = began + timedelta(seconds=number)
        yield (
            number, section.code, case_id, "confirmed", 1, index, 0, index[::-1], index, keyring.seal_json(person),
            number % WITHHELD == 0, number % SUBSCRIBED == 0, section.default_locale, reasons, 0, "pass", at, at,
            at + timedelta(seconds=40),
        )  # fmt: skip
