"""Tables that no revision made are looked at closely, and every difference has a name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Engine,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.sql.elements import conv

from flask_w4r.errors import SchemaError
from flask_w4r.services.storage import schema

from .later import copied_metadata

Change = Callable[[MetaData], None]


def _no_table(metadata: MetaData) -> None:
    metadata.remove(metadata.tables["w4r_spent_proof"])


def _more_columns(metadata: MetaData) -> None:
    metadata.tables["w4r_edition"].append_column(Column("extra", String(10)))


def _other_type(metadata: MetaData) -> None:
    metadata.tables["w4r_edition"].c.year.type = BigInteger()


def _other_length(metadata: MetaData) -> None:
    metadata.tables["w4r_edition"].c.year.type = String(17)


def _nullable(metadata: MetaData) -> None:
    metadata.tables["w4r_edition"].c.section.nullable = True


def _no_index(metadata: MetaData) -> None:
    metadata.tables["w4r_token"].indexes.clear()


def _other_index(metadata: MetaData) -> None:
    table = metadata.tables["w4r_token"]
    table.indexes.clear()
    from sqlalchemy import Index

    Index(conv("ix_w4r_token_expires"), table.c.revoked_at)


def _without(table: str, kind: type) -> Change:
    def change(metadata: MetaData) -> None:
        target = metadata.tables[table]
        for constraint in [item for item in target.constraints if type(item) is kind]:
            target.constraints.remove(constraint)
        if kind is ForeignKeyConstraint:
            for column in target.columns:
                column.foreign_keys.clear()
            target.foreign_keys.clear()

    return change


def _other_check(metadata: MetaData) -> None:
    _without("w4r_outbox", CheckConstraint)(metadata)
    metadata.tables["w4r_outbox"].append_constraint(
        CheckConstraint("state IN ('queued', 'sent')", name=conv("ck_w4r_outbox_state"))
    )


def _one_more_check(metadata: MetaData) -> None:
    metadata.tables["w4r_edition"].append_constraint(CheckConstraint("year <> ''", name=conv("ck_w4r_edition_year")))


def _other_ondelete(metadata: MetaData) -> None:
    _without("w4r_case", ForeignKeyConstraint)(metadata)
    metadata.tables["w4r_case"].append_constraint(
        ForeignKeyConstraint(["edition_id"], ["w4r_edition.id"], name=conv("fk_w4r_case_edition"), ondelete="SET NULL")
    )
    metadata.tables["w4r_case"].c.edition_id.nullable = True


def _other_key(metadata: MetaData) -> None:
    table = metadata.tables["w4r_suppression"]
    table.constraints.remove(table.primary_key)
    table.append_constraint(PrimaryKeyConstraint("address_index", "section", name=conv("pk_w4r_suppression")))


CHANGES: list[tuple[Change, str]] = [
    (_no_table, "table w4r_spent_proof is missing"),
    (_more_columns, "column w4r_edition.extra is not ours"),
    (_other_type, "column w4r_edition.year has the type BIGINT, not VARCHAR(16)"),
    (_other_length, "column w4r_edition.year has the type VARCHAR(17), not VARCHAR(16)"),
    (_nullable, "column w4r_edition.section has nullable=True, not False"),
    (_no_index, "index ix_w4r_token_expires on w4r_token is missing"),
    (_other_index, "index ix_w4r_token_expires on w4r_token is missing"),
    (_without("w4r_token", UniqueConstraint), "constraint uq_w4r_token_hash on w4r_token is missing"),
    (_without("w4r_consent", ForeignKeyConstraint), "foreign key fk_w4r_consent_signature on w4r_consent is missing"),
    (_without("w4r_outbox", CheckConstraint), "check ck_w4r_outbox_state on w4r_outbox is missing"),
    (_other_check, "check ck_w4r_outbox_state on w4r_outbox allows queued, sent, not dropped, failed, queued, sent"),
    (_one_more_check, "check ck_w4r_edition_year on w4r_edition is not ours"),
    (_other_ondelete, "foreign key fk_w4r_case_edition on w4r_case is missing"),
    (_other_key, "primary key of w4r_suppression is (address_index, section), not (section, address_index)"),
]
#: Those that change what another one changes too.
AGAIN = (_other_length, _one_more_check, _other_index, _other_check)
#: No two of a group change the same thing, so that a server makes its tables once for all of them.
GROUPS = (
    [change for change in CHANGES if change[0] not in AGAIN],
    [change for change in CHANGES if change[0] in AGAIN],
)


def refuse(engine: Engine, changes: list[tuple[Change, str]]) -> schema.SchemaStatus:
    """Make changed tables, and see that they are refused and left alone. Returns what was said of them."""
    metadata = copied_metadata()
    for change, _ in changes:
        change(metadata)
    metadata.create_all(engine)
    tables = set(inspect(engine).get_table_names())
    status = schema.status(engine)
    assert status.state == "different"
    with pytest.raises(SchemaError) as refused:
        schema.upgrade(engine)
    for _, sentence in changes:
        assert sentence in status.problems
        assert sentence in str(refused.value)
    assert set(inspect(engine).get_table_names()) == tables
    return status


@pytest.mark.parametrize("change", CHANGES, ids=[sentence for _, sentence in CHANGES])
def test_unstamped_and_different_is_refused(small_engine: Engine, change: tuple[Change, str]) -> None:
    refuse(small_engine, [change])


@pytest.mark.parametrize("changes", GROUPS, ids=["one of each", "others"])
def test_every_difference_has_its_name(engine: Engine, changes: list[tuple[Change, str]]) -> None:
    status = refuse(engine, changes)
    assert list(status.problems) == schema.check(engine)
    assert schema.status(engine).current is None


def test_check_finds_what_was_changed_behind_our_back(engine: Engine) -> None:
    schema.upgrade(engine)
    drop = "DROP INDEX ix_w4r_token_expires" + (" ON w4r_token" if engine.dialect.name == "mysql" else "")
    with engine.begin() as connection:
        connection.execute(text(drop))
    assert schema.status(engine).state == "current"
    assert schema.check(engine) == ["index ix_w4r_token_expires on w4r_token is missing"]


def test_an_index_for_the_sites_own_reports_is_no_fault(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX report_by_day ON w4r_signature (created_at)"))
    assert schema.check(engine) == []


def test_seconds_without_fractions_are_a_difference_on_mariadb(engine: Engine) -> None:
    metadata = copied_metadata()
    metadata.tables["w4r_token"].c.created_at.type = DateTime()
    metadata.tables["w4r_case_text"].c.local.type = Text()
    metadata.create_all(engine)
    found = schema.status(engine).problems
    if engine.dialect.name == "mysql":
        assert [line.split(" has ")[0] for line in sorted(found)] == [
            "column w4r_case_text.local",
            "column w4r_token.created_at",
        ]
    else:
        assert found == ()
