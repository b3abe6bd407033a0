"""Our tables among the host's: naming conventions, foreign keys, pending work, a bind of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, MetaData, inspect, select
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from flask_w4r import ConfigurationError, models
from flask_w4r.testing import make_campaign, run_jobs, sign, submit
from tests.conftest import Host, every_database
from tests.embedding.conftest import MakeSite

CONVENTION = {
    "ix": "hx_%(column_0_label)s",
    "uq": "hu_%(table_name)s_%(column_0_name)s",
    "ck": "hc_%(table_name)s_%(constraint_name)s",
    "fk": "hf_%(table_name)s_%(column_0_name)s",
    "pk": "hp_%(table_name)s",
}


def names(tables: Any) -> set[str]:
    return {
        str(item.name)
        for table in tables
        for item in (*table.constraints, *table.indexes)
        if item.name is not None
    }  # fmt: skip


@every_database
def test_a_naming_convention_renames_nothing_of_ours(make_site: MakeSite) -> None:
    db = SQLAlchemy(metadata=MetaData(naming_convention=CONVENTION))

    class Note(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        code: Mapped[str] = mapped_column(db.String(20), unique=True)

    host = make_site(db=db, upgrade=False)
    ours = [table for table in db.metadata.sorted_tables if table.name.startswith("w4r_")]
    assert names(ours) == names(models.metadata.sorted_tables)
    with host.app.app_context():
        db.create_all()
    looked = inspect(host.engine)
    assert looked.get_unique_constraints("note")[0]["name"] == "hu_note_code"
    made = {item["name"] for table in ours for item in looked.get_foreign_keys(table.name)}
    made |= {item["name"] for table in ours for item in looked.get_unique_constraints(table.name)}
    assert made
    assert not [name for name in made if str(name).startswith("h")]
    host.run("w4r", "db", "upgrade")
    host.run("w4r", "db", "check")
    make_campaign(host.app)
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303


@every_database
def test_a_table_of_the_host_points_at_ours(make_site: MakeSite) -> None:
    db = SQLAlchemy()

    class Vigil(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "vigil"
        id: Mapped[int] = mapped_column(primary_key=True)
        place: Mapped[str] = mapped_column(db.String(50))
        case_id: Mapped[int] = mapped_column(ForeignKey("w4r_case.id"))
        case: Mapped[models.Case] = relationship(
            models.Case,
            primaryjoin=lambda: foreign(Vigil.case_id) == remote(models.Case.id),
            viewonly=True,
        )

    host = make_site(db=db)
    ids = make_campaign(host.app)
    with host.app.app_context():
        db.create_all()
        db.session.add(Vigil(place="Town hall", case_id=ids["AU/ann-example"]))
        db.session.commit()
        vigil = db.session.scalars(select(Vigil)).one()
        assert vigil.case.name == "Ann Example"
        found = db.session.scalars(select(Vigil).join(Vigil.case).where(models.Case.slug == "ann-example")).all()
        assert [item.place for item in found] == ["Town hall"]
    keys = inspect(host.engine).get_foreign_keys("vigil")
    assert [(key["referred_table"], key["referred_columns"]) for key in keys] == [("w4r_case", ["id"])]


class Visits:
    """A host that notes each visit in its own session, and commits when it likes."""

    def __init__(self, make_site: MakeSite, *, flush: bool) -> None:
        db = SQLAlchemy()

        class Visit(db.Model):  # type: ignore[name-defined, misc]
            __tablename__ = "visit"
            id: Mapped[int] = mapped_column(primary_key=True)
            path: Mapped[str] = mapped_column(db.String(200))

        def note() -> None:
            from flask import request

            visit = Visit(path=request.path)
            self.kept.append(visit)  # The session itself holds what is flushed by a thread only.
            db.session.add(visit)
            if flush:
                db.session.flush()

        self.kept: list[Any] = []
        self.pending: list[bool] = []

        def look(response: Any) -> Any:
            self.pending.append(self.kept[-1] in db.session and db.session.registry().in_transaction())
            return response

        def hooks(app: Any) -> None:
            app.before_request(note)
            app.after_request(look)

        self.host: Host = make_site(db=db, after=hooks)
        with self.host.app.app_context():
            db.create_all()

    def noted(self) -> int:
        return int(self.host.rows("SELECT count(*) FROM visit")[0][0])


@pytest.mark.parametrize(
    ("database", "flush"),
    [("sqlite", False), ("postgresql", False), ("postgresql", True), ("mariadb", False), ("mariadb", True)],
    indirect=["database"],
)
def test_pending_work_of_the_host_is_left_alone(make_site: MakeSite, flush: bool) -> None:
    visits = Visits(make_site, flush=flush)
    host = visits.host
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, "/au", "ann-example").status_code == 303
    run_jobs(host.app)
    page = client.get(host.mailer.links("/confirm/")[0].removeprefix("http://localhost"))
    assert "Your signature is confirmed" in submit(client, page).text
    assert visits.pending == [True] * 4, "never rolled back"
    assert visits.noted() == 0, "never committed"
    assert len(host.rows("SELECT * FROM w4r_signature WHERE state = 'confirmed'")) == 1


@every_database
def test_our_tables_on_a_bind_of_their_own(make_site: MakeSite, tmp_path: Path, database: str) -> None:
    second = f"sqlite:///{tmp_path / 'ours.sqlite3'}"
    host = make_site(bind_key="w4r", SQLALCHEMY_BINDS={"w4r": second})
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, "/au", "ann-example").status_code == 303
    assert not [name for name in inspect(host.engine).get_table_names() if name.startswith("w4r_")]
    with host.app.app_context():
        ours = host.db.engines["w4r"]
        host.db.create_all()
    assert "w4r_signature" in inspect(ours).get_table_names()
    assert not [name for name in inspect(host.engine).get_table_names() if name.startswith("w4r_")]
    assert client.get("/au/healthz").status_code == 200
    host.run("w4r", "db", "check")


def test_two_hosts_with_different_binds_do_not_share_tables(make_site: MakeSite, tmp_path: Path) -> None:
    one = make_site(f"sqlite:///{tmp_path / 'one.sqlite3'}")
    two = make_site(
        f"sqlite:///{tmp_path / 'two.sqlite3'}",
        bind_key="w4r", SQLALCHEMY_BINDS={"w4r": f"sqlite:///{tmp_path / 'ours.sqlite3'}"},
    )  # fmt: skip
    for host in (one, two):
        with host.app.app_context():
            host.db.create_all()
    assert "w4r_case" in inspect(one.engine).get_table_names()
    assert "w4r_case" not in inspect(two.engine).get_table_names()


def test_a_bind_that_is_not_there_is_a_fault(make_site: MakeSite) -> None:
    with pytest.raises(ConfigurationError, match="W4R_BIND_KEY: SQLALCHEMY_BINDS has no 'elsewhere'"):
        make_site(bind_key="elsewhere")


def test_a_bind_that_does_not_come_is_named_in_the_log(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    host = make_site(bind_key="elsewhere", late_db=True, upgrade=False)
    assert host.app.test_client().get("/au/").status_code == 503
    assert "SQLALCHEMY_BINDS has no 'elsewhere'" in caplog.text
    result = host.app.test_cli_runner().invoke(args=["w4r", "doctor"])
    assert result.exit_code == 1
    assert "SQLALCHEMY_BINDS has no 'elsewhere'" in result.output
