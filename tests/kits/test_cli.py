"""``flask w4r kit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flask_w4r import W4R
from flask_w4r.models import Base, Case, Edition
from flask_w4r.services.kits.reader import read_kit
from flask_w4r.signals import case_changed

from .conftest import ADA, swap


def make_app(tmp_path: Path, *codes: str) -> Flask:
    app = Flask("host")
    app.config.update(
        TESTING=True,
        SECRET_KEY="x" * 32,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'host.sqlite3'}",
        W4R_SECTIONS=[{"preset": code, "url_prefix": f"/{code.lower()}"} for code in codes],
        W4R_BASE_URL="https://example.org",
    )
    db = SQLAlchemy(app)
    W4R(app, db)
    with app.app_context():
        Base.metadata.create_all(db.engine)
    return app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, "AU", "MA")


def call(app: Flask, *args: str | Path, status: int = 0) -> Result:
    result = app.test_cli_runner().invoke(args=["w4r", "kit", *map(str, args)])
    assert result.exit_code == status, result.output
    return result


def count(app: Flask, table: type[Any]) -> int:
    with app.app_context(), Session(app.extensions["sqlalchemy"].engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_validate(app: Flask, kit_path: Path) -> None:
    assert "2 cases in 3 texts, 1 stories, 2 yearly totals" in call(app, "validate", kit_path).stdout
    assert json.loads(call(app, "validate", "2024", "--json").stdout)["cases"] == 9
    swap(kit_path, ADA, "goal = 2000", "goal = 0")
    result = call(app, "validate", kit_path, status=1)
    assert result.stdout == ""
    assert result.stderr == f"{ADA}:7: goal: must be between 1 and 1000000000\n"
    found = json.loads(call(app, "validate", kit_path, "--json", status=1).stdout)
    assert found["ok"] is False and len(found["faults"]) == 1


def test_import_asks_which_section(app: Flask, kit_path: Path) -> None:
    result = call(app, "import", kit_path, status=2)
    assert "AU" in result.stderr and "MA" in result.stderr and "all" in result.stderr
    assert count(app, Edition) == 0
    assert "there is no section 'XX'" in call(app, "import", kit_path, "--section", "XX", status=2).stderr
    assert call(app, "import", kit_path, "--section", "au").stdout.startswith("AU: edition 2024 changed")
    assert count(app, Edition) == 1
    result = call(app, "import", kit_path, "--section", "all")
    assert "AU: edition 2024 is up to date, nothing changed" in result.stdout
    assert "MA: edition 2024 changed" in result.stdout and "cases added: 2" in result.stdout


def test_one_section_needs_no_naming(tmp_path: Path, kit_path: Path) -> None:
    app = make_app(tmp_path, "AU")
    options = ("--demo", "--starts-on", "2024-12-01", "--ends-on", "2024-12-24")
    found = json.loads(call(app, "import", kit_path, *options, "--json").stdout)
    assert found["sections"]["AU"]["cases_added"] == ["river-people", "ada-example"]
    with app.app_context(), Session(app.extensions["sqlalchemy"].engine) as session:
        edition = session.scalars(select(Edition)).one()
        assert (edition.is_demo, str(edition.starts_on), str(edition.ends_on)) == (True, "2024-12-01", "2024-12-24")


def test_a_dry_run_says_and_does_nothing(app: Flask, kit_path: Path) -> None:
    result = call(app, "import", kit_path, "--section", "AU", "--dry-run")
    assert "AU: edition 2024 would change" in result.stdout and "cases added: 2" in result.stdout
    assert count(app, Edition) == count(app, Case) == 0


def test_changed_cases_are_signalled_after_commit(app: Flask, kit_path: Path) -> None:
    call(app, "import", kit_path, "--section", "AU")
    heard: list[dict[str, Any]] = []

    def listen(sender: Flask, **ids: Any) -> None:
        assert sender is app
        heard.append(ids)

    with case_changed.connected_to(listen):
        call(app, "import", kit_path, "--section", "AU")
        assert heard == []
        swap(kit_path, ADA, 'status = "active"', 'status = "freed"')
        call(app, "import", kit_path, "--section", "AU", "--dry-run")
        assert heard == []
        call(app, "import", kit_path, "--section", "AU")
    (ids,) = heard
    assert (ids["section"], ids["slug"], ids["status"]) == ("AU", "ada-example", "freed")
    assert len(ids["case_ids"]) == 1 and "https://example.org/au/cases/ada-example" in ids["urls"]


def test_export(app: Flask, kit_path: Path, tmp_path: Path) -> None:
    call(app, "import", kit_path, "--section", "AU")
    target = tmp_path / "out"
    assert str(target) in call(app, "export", target, "--section", "AU", "--edition", "2024").stdout
    assert read_kit(target) == read_kit(kit_path)
    assert "already exists" in call(app, "export", target, "--section", "AU", "--edition", "2024", status=1).stderr
    missing = call(app, "export", tmp_path / "never", "--section", "AU", "--edition", "1999", status=1)
    assert "has no edition 1999" in missing.stderr
    call(app, "export", tmp_path / "never", "--section", "all", "--edition", "2024", status=2)
