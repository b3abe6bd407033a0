"""Exporting: what is read back is what was there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError, NotFound
from flask_w4r.models import Case, CaseText
from flask_w4r.services.campaign.status import change_case_status
from flask_w4r.services.kits.exporter import _texts, export_kit
from flask_w4r.services.kits.fields import text_fault
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.reader import read_kit
from flask_w4r.services.kits.shipped import resolve_kit, shipped_kits
from flask_w4r.services.kits.source import Faults, KitFolder
from flask_w4r.services.kits.texts import read_texts, story_faults, tidy

from .conftest import AU, LATER, MA, NOW, swap


def test_round_trip_of_a_kit_with_everything(session: Session, kit_path: Path, tmp_path: Path) -> None:
    kit = read_kit(kit_path)
    import_kit(session, AU, kit, now=NOW)
    assert read_kit(export_kit(session, AU, "2024", tmp_path / "out")) == kit
    assert not import_kit(session, AU, read_kit(tmp_path / "out"), now=LATER).changed
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["kit", "out"], "no draft is left"


@pytest.mark.parametrize("year", shipped_kits())
def test_round_trip_of_the_shipped_kits(any_engine: Engine, tmp_path: Path, year: str) -> None:
    kit = read_kit(resolve_kit(year))
    with Session(any_engine) as session:
        import_kit(session, AU, kit, now=NOW)
        session.commit()
        assert read_kit(export_kit(session, AU, year, tmp_path / "out")) == kit


def test_the_sections_words_or_the_centres(session: Session, kit_path: Path, tmp_path: Path) -> None:
    kit = read_kit(kit_path)
    import_kit(session, AU, kit, now=NOW)
    row = session.scalars(select(CaseText).where(CaseText.field == "summary", CaseText.locale == "fr")).one()
    row.local = "Our own:\r\nwords."
    session.flush()
    with pytest.raises(KitError, match=r"cases/ada-example/fr.md:3: summary: must be on one line"):
        export_kit(session, AU, "2024", tmp_path / "shown")
    assert not (tmp_path / "shown").exists()
    row.local = "Our own: words."
    session.flush()
    shown = read_kit(export_kit(session, AU, "2024", tmp_path / "shown"))
    assert shown.cases[1].texts["fr"]["summary"] == "Our own: words."
    assert read_kit(export_kit(session, AU, "2024", tmp_path / "centre", words="centre")) == kit
    # Its own words coming home change nothing; another section takes them as the centre's.
    assert not import_kit(session, AU, shown, now=LATER).changed
    assert row.centre_base == "She sang."
    import_kit(session, MA, shown, now=NOW)
    assert read_kit(export_kit(session, MA, "2024", tmp_path / "ma")) == shown


def test_a_withdrawn_case_is_not_named(session: Session, kit_path: Path, tmp_path: Path) -> None:
    swap(kit_path, "impact/bob-example.toml", "Bob Example", "Ada Example")
    import_kit(session, AU, read_kit(kit_path), now=NOW)
    change_case_status(session, AU, "ada-example", "withdrawn", now=NOW)
    path = export_kit(session, AU, "2024", tmp_path / "out")
    assert [case.slug for case in read_kit(path).cases] == ["river-people"]
    assert not any(b"Ada" in file.read_bytes() for file in path.rglob("*") if file.is_file())


def test_the_folder_must_be_free(session: Session, kit_path: Path, tmp_path: Path) -> None:
    import_kit(session, AU, read_kit(kit_path), now=NOW)
    with pytest.raises(KitError, match="already exists"):
        export_kit(session, AU, "2024", kit_path)
    (tmp_path / "empty").mkdir()
    assert read_kit(export_kit(session, AU, "2024", tmp_path / "empty")).edition == "2024"
    with pytest.raises(KitError, match="cannot be written"):
        export_kit(session, AU, "2024", kit_path / "campaign.toml" / "out")
    with pytest.raises(NotFound):
        export_kit(session, AU, "1999", tmp_path / "never")


def test_a_locale_cannot_lead_out_of_the_folder(session: Session, kit_path: Path, tmp_path: Path) -> None:
    import_kit(session, AU, read_kit(kit_path), now=NOW)
    case = session.scalars(select(Case)).first()
    assert case is not None
    session.add(CaseText(case_id=case.id, locale="../../x", field="title", local="T"))
    session.flush()
    with pytest.raises(KitError, match="not a locale"):
        export_kit(session, AU, "2024", tmp_path / "out")
    assert not list(tmp_path.glob("**/x.md"))


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(line=WORDS, block=WORDS, story=WORDS)
def test_any_words_that_fit_come_back_as_they_were(tmp_path: Path, line: str, block: str, story: str) -> None:
    one, more = " ".join(line.split()), tidy(block.replace("\r", "\n"))
    words = {
        "title": one, "petition": more, "story": story.rstrip(), "letter.points": f"{one}\n{one}", "letter.model": more,
        "email.1.subject": one, "email.1.text": more, "email.2.subject": one, "share.1": one, "closed.email": one,
    }  # fmt: skip
    if (
        len(one) > 150
        or not all(words.values())
        or any(text_fault(text) for text in words.values())
        or list(story_faults(story))
    ):
        return
    if words["story"] != story or not story.split("\n")[0].strip() or "\r" in story:
        return
    (tmp_path / "en.md").write_text(_texts(words), "utf-8", newline="\n")
    faults = Faults()
    found = read_texts(KitFolder(tmp_path, faults), "en.md", ("title", "petition"), of_case=True)
    assert faults.listed() == []
    assert found == words
