"""What stood in the tables before the desk came is as the desk expects it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from flask_w4r.models import metadata
from flask_w4r.services.storage import schema

NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
SIGNATURE, TEXT = metadata.tables["w4r_signature"], metadata.tables["w4r_case_text"]
CASE: dict[str, Any] = {
    "id": 1, "section": "AU", "edition_id": 1, "slug": "ann-example", "position": 0, "name": "Ann Example",
    "country": "XX", "kind": "person", "topics": [], "status": "active", "status_is_local": False,
    "facts_as_of": NOW.date(), "sources": [], "updates": [], "target": {}, "solidarity": {}, "sensitive": [],
    "signer_warning": False, "updated_at": NOW,
}  # fmt: skip
#: Held or not, state, reasons; then what holds it afterwards, ``None`` where it does not wait.
BEFORE: list[tuple[bool, str, list[dict[str, Any]], str | None]] = [
    (False, "confirmed", [], None),
    (False, "pending", [{"check": "name_marks", "score": 20, "hold": False}], None),
    (True, "pending", [{"check": "captcha_missing", "score": 0, "hold": True}], "captcha_missing"),
    (
        True,
        "confirmed",
        [
            {"check": "name_link", "score": 60, "hold": False},
            {"check": "disposable_domain", "score": 0, "hold": True},
        ],
        "disposable_domain",
    ),
    (
        True,
        "pending",
        [{"check": "too_fast", "score": 40, "hold": False}, {"check": "name_link", "score": 60, "hold": False}],
        "name_link",
    ),
    (True, "pending", [], "suppressed"),
    (True, "invalid", [{"check": "captcha_missing", "score": 0, "hold": True}], None),
    (True, "erased", [], None),
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The tables of the first revision, with a case, its texts and a signature of each kind."""
    schema.upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            insert(metadata.tables["w4r_edition"]).values(
                id=1, section="AU", year="2024", titles={}, starts_on=NOW.date(), ends_on=NOW.date(), is_demo=False,
                updated_at=NOW,
            )
        )  # fmt: skip
        connection.execute(insert(metadata.tables["w4r_case"]).values(CASE))
        for field, own in (("title", None), ("story", "Ours")):
            connection.execute(
                insert(TEXT).values(case_id=1, locale="en", field=field, centre_base="The centre's", local=own)
            )
        for number, (held, state, reasons, _) in enumerate(BEFORE, 1):
            connection.execute(
                insert(SIGNATURE).values(
                    id=number, section="AU", case_id=1, state=state, version=1, slot=number, withhold_name=False,
                    newsletter=False, locale="en", held_at=NOW if held else None, reasons=reasons, score=0,
                    captcha="pass", created_at=NOW, updated_at=NOW,
                )
            )  # fmt: skip
    return engine


def test_what_waits_says_what_holds_it(filled: Engine) -> None:
    assert schema.upgrade(filled, "0002") == ["0002"]
    with filled.connect() as connection:
        rows = connection.execute(
            select(SIGNATURE.c.held_at, SIGNATURE.c.held_for, SIGNATURE.c.released_at, SIGNATURE.c.reasons).order_by(
                SIGNATURE.c.id
            )
        ).all()
    assert [row.held_for for row in rows] == [wanted for *_, wanted in BEFORE]
    # What was decided waits no more; all else waits as it did, since when it did.
    assert [row.held_at for row in rows] == [
        NOW if held and state in ("pending", "confirmed") else None for held, state, *_ in BEFORE
    ]
    assert {row.released_at for row in rows} == {None}
    assert [row.reasons for row in rows] == [reasons for _, _, reasons, _ in BEFORE]


def test_own_words_do_not_begin_as_overtaken(filled: Engine) -> None:
    schema.upgrade(filled, "0002")
    with filled.connect() as connection:
        seen = {row.field: row.seen_base for row in connection.execute(select(TEXT.c.field, TEXT.c.seen_base))}
    assert seen == {"title": None, "story": "The centre's"}


def test_the_rows_outlive_the_way_back(filled: Engine) -> None:
    schema.upgrade(filled, "0002")
    schema.downgrade(filled, "0001")
    with filled.connect() as connection:
        states = connection.execute(select(SIGNATURE.c.state).order_by(SIGNATURE.c.id)).scalars().all()
        words = connection.execute(select(TEXT.c.local).order_by(TEXT.c.field)).scalars().all()
    assert list(states) == [state for _, state, *_ in BEFORE]
    assert list(words) == ["Ours", None]
