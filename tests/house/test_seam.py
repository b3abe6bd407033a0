"""Nothing is left out of the seam: every table, sealed column, mail and kind of the queue belongs to a capability."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from flask_w4r import models
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.models.types import BlindIndex, EncryptedText
from flask_w4r.seam import Seam
from flask_w4r.services.moves.codec import coders
from flask_w4r.services.moves.tables import owned

ROOT = Path(__file__).parents[2] / "flask_w4r"
SEAM = Seam(CAPABILITIES)
TEMPLATES = ROOT / "templates" / "w4r"


def test_every_table_belongs_to_one_capability() -> None:
    owned = [name for one in CAPABILITIES for name in one.models]
    assert len(owned) == len(set(owned))
    tables = {mapper.class_.__name__ for mapper in models.Base.registry.mappers}
    assert set(owned) == tables


def test_every_table_stands_in_the_file_of_its_capability() -> None:
    for one in CAPABILITIES:
        for name in one.models:
            assert getattr(models, name).__module__ == f"flask_w4r.models.{_floor(one.name)}", name


def _floor(name: str) -> str:
    # A report is what a host says of an event: its table stands with events'.
    return "events" if name == "hosting" else name


def test_everything_sealed_or_indexed_has_a_rule() -> None:
    declared = {(item.table, column) for item in SEAM.personal for column in item.columns}
    sealed = {
        (table.name, column.name)
        for table in models.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, EncryptedText | BlindIndex)
    }
    assert sealed <= declared
    columns = {(table.name, column.name) for table in models.metadata.tables.values() for column in table.columns}
    assert declared <= columns
    for item in SEAM.personal:
        assert item.why or item.rule in SEAM.retention, item
        assert item.rule is None or item.rule in SEAM.retention, item


def test_every_mail_has_its_words_and_every_template_its_mail() -> None:
    written = {path.stem for path in (TEMPLATES / "mail").iterdir() if not path.stem.startswith("_")} - {"layout"}
    assert written == {kind.name for kind in SEAM.mails.values() if kind.hand_over is None}
    for name in written:
        assert {path.suffix for path in (TEMPLATES / "mail").glob(f"{name}.*")} == {".txt", ".html"}


def test_every_kind_that_waits_can_be_drawn() -> None:
    drawn = {path.stem.removeprefix("_waiting_") for path in (TEMPLATES / "moderation").glob("_waiting_*.html")}
    assert drawn == set(SEAM.queue)


def test_every_link_leads_to_a_page() -> None:
    endpoints = {
        route[1] for one in CAPABILITIES if one.pages for route in importlib.import_module(one.pages).PAGES.routes
    }
    assert {link.endpoint for link in SEAM.links.values()} <= endpoints


@pytest.mark.parametrize("floor", ["services", "blueprints"])
def test_every_package_is_a_capability_and_says_what_it_is_for(floor: str) -> None:
    packages = {path.parent.name for path in (ROOT / floor).glob("*/__init__.py")}
    names = {one.name for one in CAPABILITIES}
    assert packages <= names
    assert floor == "blueprints" or packages == names
    for name in packages:
        words = importlib.import_module(f"flask_w4r.{floor}.{name}").__doc__ or ""
        assert len(words) > 60, (floor, name)


def test_only_the_list_names_them_all() -> None:
    """No other module imports more than half of the capabilities."""
    pattern = re.compile(r"services\.(\w+)\.capability")
    naming = {
        str(path.relative_to(ROOT)): len(set(pattern.findall(path.read_text("utf-8")))) for path in ROOT.rglob("*.py")
    }
    assert [name for name, count in naming.items() if count > 1] == ["capabilities.py"]


def test_the_numbers_that_a_stranger_asks_for_are_in_words() -> None:
    for rule in SEAM.retention.values():
        assert len(rule.keeps) > 20, rule.name


def test_every_keyed_hash_says_what_a_new_index_key_does_to_it() -> None:
    declared = [(item.table, column) for item in SEAM.indexed for column in item.columns]
    assert len(declared) == len(set(declared))
    hashed = {
        (table.name, column.name)
        for table in models.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, BlindIndex)
    }
    assert hashed == set(declared)
    for item in SEAM.indexed:
        assert (item.step is not None) != bool(item.why), item


def test_every_table_moves_with_its_section_or_says_why_not() -> None:
    ours = {table.name for table in models.metadata.tables.values()} - {models.version_table.name}
    assert set(owned()) | set(SEAM.stays) == ours
    assert not set(owned()) & set(SEAM.stays)
    assert all(SEAM.stays.values())
    assert set(SEAM.remade) <= set(owned())
    for table in owned().values():
        for column in table.columns:
            coders(column)


def test_every_sealed_table_is_walked_by_one_number() -> None:
    """Keys rotate in the order of the primary key: of several columns, or one that may be the same twice, rows would be missed."""
    for table in models.metadata.tables.values():
        if any(isinstance(column.type, EncryptedText) for column in table.columns):
            assert len(table.primary_key.columns) == 1, table.name
