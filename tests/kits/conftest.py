from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.sections import Section
from flask_w4r.services.kits.reader import read_kit
from tests import services
from tests.conftest import DATABASES
from tests.databases import Supply

NOW = datetime(2024, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2024, 11, 21, 12, tzinfo=UTC)
AU = Section("AU", "Amnesty Australia", "AU", ("en",), "en", "Australia/Sydney")
MA = replace(AU, code="MA", country="MA", locales=("ar", "fr"), default_locale="ar")

ADA = "cases/ada-example/case.toml"
ADA_EN = "cases/ada-example/en.md"
BOB = "impact/bob-example.toml"

CAMPAIGN = """\
edition = "2024"
title = "Write for Rights 2024"
starts_on = 2024-11-04
ends_on = 2025-01-31

[titles]
fr = "Écrire pour les droits 2024"
"""
CASE = """\
name = "Ada Example"
country = "AR"
kind = "person"
position = 2
topics = ["torture", "health"]
status = "active"
goal = 2000
location = "Jujuy"
facts_as_of = 2024-10-01
signer_warning = true
sensitive = ["torture"]
minor = true

[target]
title = "Attorney General"
salutation = "Dear Counsellor"
address = "1 Main Street\\nJujuy"
email = "office@example.org"
verified_on = 2024-10-01

[solidarity]
route = "section"
languages = ["es", "en"]
rules = ["no-religion", "no-politics"]

[[sources]]
url = "https://example.org/ada"
title = "A report: \\"quoted\\" \\\\ and é"
seen_on = 2024-10-01

[[updates]]
on = 2024-10-05
source = "https://example.org/news"

[[updates]]
on = "2024-09"
"""
TEXT = """\
---
title: "Jailed: for a song # not a comment"
summary: "She sang."
demand: 'Release Ada.'
petition: |
  To the authorities

  I ask you to release Ada.
    Indented.
updates:
  "2024-10-05": "She was moved."
  "2024-09": "A hearing was held."
---

She *sang*.

## Then

- one
- two, see [the report](https://example.org/ada)
"""
STORY = """\
name = "Bob Example"
country = "SS"
edition = "2019"
when = "2022-03"
outcome = "freed"
figures = [
  { scope = "global", unit = "people", value = 445000, qualifier = "" },
  { scope = "AU", unit = "actions", value = 18000, qualifier = "nearly" },
]
quotes = [{ text = "Thank you.", speaker = "Bob Example" }]
source = "A campaign page, 2024"
source_title = "Campaign page"
"""
STORY_TEXT = '---\ntitle: "Free"\nsummary: "Bob is free."\n---\n\nBob is **free**.\n'
TOTALS = 'year,total,qualifier,source\n2001,2326,,https://example.org/2001\n2020,4500000,nearly,"A page, printed"\n'


@pytest.fixture
def kit_path(tmp_path: Path) -> Path:
    """A small kit with every kind of thing in it, but a picture."""
    root = tmp_path / "kit"
    put(root, "campaign.toml", CAMPAIGN)
    put(root, "cases/ada-example/case.toml", CASE)
    put(root, "cases/ada-example/en.md", TEXT)
    put(root, "cases/ada-example/fr.md", TEXT.replace("She was moved.", "Déplacée."))
    put(root, "cases/river-people/case.toml", 'name = "River People"\ncountry = "CA"\nkind = "community"\n'
        "position = 1\nfacts_as_of = 2024-10-01\nsources = []\n")  # fmt: skip
    put(root, "cases/river-people/en.md",
        '---\ntitle: "T"\nsummary: "S"\ndemand: "D"\npetition: "P"\n---\n\nStory.\n')  # fmt: skip
    put(root, "impact/bob-example.toml", STORY)
    put(root, "impact/bob-example.en.md", STORY_TEXT)
    put(root, "totals.csv", TOTALS)
    return root


def put(root: Path, name: str, text: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def faults(path: Path) -> list[str]:
    with pytest.raises(KitError) as caught:
        read_kit(path)
    return list(caught.value.faults)


def swap(root: Path, name: str, old: str, new: str) -> None:
    """Replace words in a file of a kit; they must be there."""
    text = (root / name).read_text("utf-8")
    assert old in text
    put(root, name, text.replace(old, new, 1))


@pytest.fixture
def engine(upgraded_database: str) -> Iterator[Engine]:
    engine = create_engine(upgraded_database)
    yield engine
    engine.dispose()


@pytest.fixture(params=DATABASES)
def any_engine(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[Engine]:
    """A database of our tables on each kind of server."""
    services.need(request.param)
    with supply.lend(request.param, tmp_path / "kits.sqlite3", tables=True) as url:
        supply.begin(url, tables=True)
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


class Writes:
    """Counts the statements that write."""

    def __init__(self, engine: Engine) -> None:
        self.statements: list[str] = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().split()[0].upper() in ("INSERT", "UPDATE", "DELETE"):
            self.statements.append(statement)
