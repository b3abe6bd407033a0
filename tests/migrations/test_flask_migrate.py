"""A host's own Alembic or Flask-Migrate proposes nothing about our tables."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask, appcontext_pushed
from sqlalchemy import Engine, text

from flask_w4r.migrations import (
    compose,
    include_object_for_hosts,
    protect_from_flask_migrate,
    stop_waiting_for_flask_migrate,
)
from flask_w4r.services.storage import schema
from tests.processes import Started, run_module

from .hosts import close, make_host
from .later import picture

SITE = """
from flask import Flask, appcontext_pushed
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_w4r import W4R

app = Flask(__name__)
app.config.update(TESTING=True, SECRET_KEY="x", SQLALCHEMY_DATABASE_URI={url!r}, W4R_SECTION="AU",
                  W4R_BASE_URL="http://localhost")
db = SQLAlchemy()


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    case_id = db.Column(db.ForeignKey("w4r_case.id", name="fk_note_case"))


class Draft(db.Model):
    id = db.Column(db.Integer, primary_key=True)


def keep_drafts(object, name, type_, reflected, compare_to):
    return name != "draft"


db.init_app(app)
{set_up}
"""
MIGRATE = "Migrate(app, db{options})"
ORDERS = {
    "migrate first": MIGRATE + "\nW4R(app, db)",
    "ours first": "W4R(app, db)\n" + MIGRATE,
    "with its own include_object, first": MIGRATE.format(options=", include_object=keep_drafts") + "\nW4R(app, db)",
    "with its own include_object, last": "W4R(app, db)\n" + MIGRATE.format(options=", include_object=keep_drafts"),
}


def flask(folder: Path, *arguments: str) -> str:
    """Run a command as a host's developer would."""
    done = Started(folder, run_module, "flask", "--app", "site_of_host", *arguments, cwd=folder, strict=False)
    assert done.wait(120) == 0, done.errors
    return done.output + done.errors


@pytest.mark.parametrize("order", ORDERS)
def test_flask_migrate_leaves_ours_alone(order: str, small_engine: Engine, tmp_path: Path) -> None:
    engine = small_engine
    own = "include_object" in order
    set_up = ORDERS[order].replace("{options}", "")
    (tmp_path / "site_of_host.py").write_text(SITE.format(url=str(engine.url), set_up=set_up))
    schema.upgrade(engine)
    before = picture(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leftover (id INTEGER PRIMARY KEY)"))
        # As a table that the library's next version no longer declares, its revision still to run.
        connection.execute(text("CREATE TABLE w4r_retired (id INTEGER PRIMARY KEY)"))

    flask(tmp_path, "db", "init")
    flask(tmp_path, "db", "migrate", "-m", "first")
    (written,) = (tmp_path / "migrations" / "versions").glob("*.py")
    proposed = written.read_text()
    assert "create_table('note'" in proposed
    assert "drop_table('leftover'" in proposed
    assert ("create_table('draft'" in proposed) is not own
    # The host's own key to one of our tables is all that is said of them.
    assert proposed.replace("['w4r_case.id']", "").count("w4r_") == 0

    flask(tmp_path, "db", "upgrade")
    assert "No changes in schema detected" in flask(tmp_path, "db", "migrate", "-m", "second")
    flask(tmp_path, "w4r", "db", "check")
    after = picture(engine)
    assert {name: after[name] for name in before} == before
    assert "note" in after


def test_flask_migrate_before_our_tables_are_there(database_url: str, tmp_path: Path) -> None:
    set_up = ORDERS["ours first"].replace("{options}", "")
    (tmp_path / "site_of_host.py").write_text(SITE.format(url=database_url, set_up=set_up))
    flask(tmp_path, "db", "init")
    flask(tmp_path, "db", "migrate", "-m", "first")
    (written,) = (tmp_path / "migrations" / "versions").glob("*.py")
    assert written.read_text().replace("['w4r_case.id']", "").count("w4r_") == 0
    flask(tmp_path, "w4r", "db", "upgrade")
    flask(tmp_path, "db", "upgrade")
    assert "No changes in schema detected" in flask(tmp_path, "db", "migrate", "-m", "second")
    flask(tmp_path, "w4r", "db", "check")


@pytest.mark.parametrize("installed", [False, True], ids=["create", "drop"])
def test_plain_alembic(installed: bool, small_engine: Engine) -> None:
    app, db = make_host(str(small_engine.url))
    if installed:
        schema.upgrade(small_engine)
    # Where a host forgets to import the extension, our tables are unknown to its metadata.
    metadatas = [db.metadata] if not installed else [db.metadata, type(db.metadata)()]
    with small_engine.connect() as connection:
        for metadata in metadatas:
            proposals = []
            for function in (None, include_object_for_hosts):
                context = MigrationContext.configure(
                    connection, opts={"include_object": function, "compare_type": True}
                )
                found = str(compare_metadata(context, metadata)).replace("ForeignKey('w4r_case.id')", "")
                proposals.append("w4r_" in found)
            # Without the function a host would meet our tables, unless they stand and it knows them.
            assert proposals == [not (installed and metadata is db.metadata), False]
    close(app, db)


def test_our_tables_and_what_belongs_to_them_are_left_out() -> None:
    from flask_w4r.models import metadata

    table = metadata.tables["w4r_case"]
    column = table.c.name
    index = next(iter(table.indexes))
    assert not include_object_for_hosts(table, "w4r_case", "table", False, None)
    assert not include_object_for_hosts(table, "w4r_case", "table", True, None)
    assert not include_object_for_hosts(column, "name", "column", True, None)
    assert not include_object_for_hosts(index, str(index.name), "index", False, None)
    for constraint in table.constraints:
        assert not include_object_for_hosts(constraint, str(constraint.name), "unique_constraint", False, None)


def test_compose_asks_the_host_about_the_rest() -> None:
    asked: list[str | None] = []

    def hosts(object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
        asked.append(name)
        return name != "draft"

    both = compose(hosts)
    assert compose(both) is both
    assert compose() is compose(None) is compose(include_object_for_hosts) is include_object_for_hosts
    ours, post, draft = (SimpleNamespace(name=name) for name in ("w4r_case", "post", "draft"))
    assert not both(ours, "w4r_case", "table", False, None)
    assert both(post, "post", "table", False, None)
    assert not both(draft, "draft", "table", False, None)
    assert asked == ["post", "draft"]


def test_each_app_has_its_own_protection() -> None:
    apps = [Flask("one"), Flask("two")]
    protect_from_flask_migrate(apps[0])
    protect_from_flask_migrate(apps[0])
    for app in apps:
        app.extensions["migrate"] = SimpleNamespace(configure_args={})
        with app.app_context():
            pass
        with app.app_context():
            pass
    assert apps[0].extensions["migrate"].configure_args == {"include_object": include_object_for_hosts}
    assert apps[1].extensions["migrate"].configure_args == {}


def test_an_app_that_serves_waits_no_longer_and_is_still_protected() -> None:
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        protect_from_flask_migrate(app)
        app.extensions["migrate"] = SimpleNamespace(configure_args={})
    waiting = len(appcontext_pushed.receivers)
    stop_waiting_for_flask_migrate(apps[0])
    stop_waiting_for_flask_migrate(apps[0])
    assert len(appcontext_pushed.receivers) == waiting - 1, "its requests cost nothing more"
    with apps[1].app_context():
        pass
    for app in apps:
        assert app.extensions["migrate"].configure_args == {"include_object": include_object_for_hosts}


def test_a_host_without_flask_migrate_is_left_as_it_is() -> None:
    app = Flask("plain")
    protect_from_flask_migrate(app)
    with app.app_context():
        assert "migrate" not in app.extensions
