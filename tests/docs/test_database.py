"""Snippets of the documentation that touch the database: tables, migrations, kits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from flask_w4r.services.storage import schema
from flask_w4r.testing import make_campaign

from .conftest import MakeSite, run
from .pages import SNIPPETS, covers, load, settings_of


@covers("second_bind.py")
def test_second_bind(make_site: MakeSite, tmp_path: Path) -> None:
    found = settings_of("second_bind.py")
    assert set(found) == {"SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_BINDS", "W4R_BIND_KEY"}
    private = f"sqlite:///{tmp_path / 'private.sqlite3'}"
    make_site(W4R_BIND_KEY=found["W4R_BIND_KEY"], SQLALCHEMY_BINDS=dict.fromkeys(found["SQLALCHEMY_BINDS"], private))
    tables = []
    for uri in (private, f"sqlite:///{tmp_path / 'site.sqlite3'}"):
        engine = create_engine(uri)
        tables.append("w4r_signature" in inspect(engine).get_table_names())
        engine.dispose()
    assert tables == [True, False]


@covers("foreign_key.py")
def test_foreign_key(settings: dict[str, Any]) -> None:
    module = load("foreign_key.py")
    app = module.create_app(settings)
    run(app, "w4r", "db", "upgrade")
    number = make_campaign(app, ["ann-example"])["AU/ann-example"]
    with app.app_context():
        module.db.create_all()
        module.db.session.add(module.CaseNote(case_id=number, text="Ring them"))
        module.db.session.commit()
        assert module.db.session.scalars(module.db.select(module.CaseNote)).one().case.slug == "ann-example"
        module.db.session.remove()
        module.db.engine.dispose()


def _project(folder: Path, env: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(env.read_text())
    (folder / "script.py.mako").write_text(
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n"
        'def upgrade():\n    ${upgrades or "pass"}\n\ndef downgrade():\n    ${downgrades or "pass"}\n'
    )
    return config


@pytest.mark.parametrize("upgrade", [True, False], ids=["ours first", "theirs first"])
@covers("alembic_env.py")
def test_plain_alembic_leaves_our_tables_alone(make_site: MakeSite, tmp_path: Path, upgrade: bool) -> None:
    app = make_site(upgrade=upgrade)
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    config = _project(tmp_path / "alembic", SNIPPETS / "alembic_env.py")
    config.set_main_option("sqlalchemy.url", uri)
    config.attributes["metadata"] = app.extensions["sqlalchemy"].metadata
    script = command.revision(config, "first", autogenerate=True)
    assert "w4r_" not in Path(script.path).read_text()  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("upgrade", [True, False], ids=["ours first", "theirs first"])
@covers("flask_migrate_site.py")
def test_flask_migrate_leaves_our_tables_alone(make_site: MakeSite, tmp_path: Path, upgrade: bool) -> None:
    app = make_site("flask_migrate_site.py", upgrade=upgrade)
    folder = str(tmp_path / "migrations")
    run(app, "db", "init", "-d", folder)
    run(app, "db", "migrate", "-d", folder)
    (version,) = (tmp_path / "migrations" / "versions").glob("*.py")
    assert "note" in version.read_text()
    assert "w4r_" not in version.read_text()


@covers("kit/campaign.toml", "kit/cases/ann-example/case.toml", "kit/cases/ann-example/en.md")
@covers("kit/impact/bo-example.toml", "kit/impact/bo-example.en.md", "kit/totals.csv")
def test_kit(make_site: MakeSite, tmp_path: Path) -> None:
    app = make_site(campaign=False)
    words = run(app, "w4r", "kit", "validate", str(SNIPPETS / "kit"))
    first, *lacks = words.splitlines()
    assert first == "valid: edition 2026, 1 cases in 1 texts, 1 stories, 1 yearly totals"
    assert "  ann-example, email: No email address of Kim Example." in lacks
    assert not any("letter, en" in line for line in lacks), "each text of the example is there"
    run(app, "w4r", "kit", "import", str(SNIPPETS / "kit"))
    assert "nothing changed" in run(app, "w4r", "kit", "import", str(SNIPPETS / "kit"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "campaign.toml").write_text('edition = "2026"\ntitel = "x"\n')
    assert "campaign.toml:2: titel: is not a key here; did you mean 'title'?" in run(
        app, "w4r", "kit", "validate", str(broken), code=1
    )


def test_tables_made_by_the_host_are_stamped(make_site: MakeSite, settings: dict[str, Any]) -> None:
    app = load("limiter.py").create_app(settings)
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()
    assert "stamped" in run(app, "w4r", "db", "upgrade")
    with app.app_context():
        assert schema.status(app.extensions["sqlalchemy"].engine).state == "current"
        app.extensions["sqlalchemy"].engine.dispose()
