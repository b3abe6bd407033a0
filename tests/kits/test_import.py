"""Importing: idempotent, all or nothing, and careful with the section's own edits."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.models import Case, CaseText, Edition, ImpactStory, YearTotal
from flask_w4r.services.campaign.status import change_case_status
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.merge import KitReport
from flask_w4r.services.kits.reader import read_kit
from flask_w4r.services.kits.shipped import resolve_kit, shipped_kits
from flask_w4r.services.storage.unit_of_work import RETRIES, is_transient

from .conftest import ADA, AU, LATER, MA, NOW, Writes, put, swap


def bring(session: Session, path: Path, **options: object) -> KitReport:
    report = import_kit(session, options.pop("section", AU), read_kit(path), now=NOW, **options)  # type: ignore[arg-type]
    session.commit()
    return report


def text_of(session: Session, slug: str, field: str, locale: str = "en") -> CaseText:
    query = select(CaseText).join(Case, Case.id == CaseText.case_id)
    return session.scalars(query.where(Case.slug == slug, CaseText.locale == locale, CaseText.field == field)).one()


def case_of(session: Session, slug: str) -> Case:
    return session.scalars(select(Case).where(Case.slug == slug)).one()


def test_first_import_stores_everything(session: Session, kit_path: Path) -> None:
    report = bring(session, kit_path)
    assert report.edition_added and report.cases_added == ["river-people", "ada-example"]
    assert report.stories == ["bob-example"] and report.totals == [2001, 2020]
    edition = session.scalars(select(Edition)).one()
    assert edition.titles == {"en": "Write for Rights 2024", "fr": "Écrire pour les droits 2024"}
    assert (edition.starts_on, edition.ends_on, edition.is_demo) == (date(2024, 11, 4), date(2025, 1, 31), False)
    case = case_of(session, "ada-example")
    assert report.case_ids_changed == sorted([case.id, case_of(session, "river-people").id])
    assert case.sensitive == ["torture", "minor"]
    assert case.target["address"] == "1 Main Street\nJujuy" and case.target["verified_on"] == "2024-10-01"
    assert case.solidarity == {"route": "section", "languages": ["es", "en"], "rules": ["no-religion", "no-politics"]}
    assert [update["on"] for update in case.updates] == ["2024-10-05", "2024-09"]
    assert text_of(session, "ada-example", "petition").shown.endswith("  Indented.")
    assert text_of(session, "ada-example", "update:2024-10-05", "fr").shown == "Déplacée."
    story = session.scalars(select(ImpactStory)).one()
    assert story.happened_on == "2022-03" and story.figures[0]["unit"] == "people"
    assert story.texts["en"]["story"] == "Bob is **free**."
    assert session.get_one(YearTotal, ("AU", 2020)).qualifier == "nearly"


def test_importing_again_changes_and_writes_nothing(any_engine: Engine, kit_path: Path) -> None:
    with Session(any_engine) as session:
        assert bring(session, kit_path).changed
    writes = Writes(any_engine)
    with Session(any_engine) as session:
        report = import_kit(session, AU, read_kit(kit_path), now=LATER)
        session.commit()
    assert not report.changed and report.case_ids_changed == []
    assert report.cases_unchanged == ["river-people", "ada-example"]
    assert writes.statements == []


@pytest.mark.parametrize("year", ["2021", "2023", "2024"])
def test_shipped_kits_import_everywhere(any_engine: Engine, year: str) -> None:
    assert year in shipped_kits()
    kit = read_kit(resolve_kit(year))
    with Session(any_engine) as session:
        assert len(import_kit(session, AU, kit, now=NOW).cases_added) == {"2021": 10, "2023": 10, "2024": 9}[year]
        assert len(import_kit(session, MA, kit, now=NOW).cases_added) == len(kit.cases)
        session.commit()
    with Session(any_engine) as session:
        assert not import_kit(session, MA, kit, now=LATER).changed


def test_a_newer_kit_renews_only_what_differs(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    swap(kit_path, "cases/ada-example/case.toml", "goal = 2000", "goal = 5000")
    swap(kit_path, "cases/ada-example/en.md", "She sang.", "She sang a song.")
    swap(kit_path, "impact/bob-example.toml", "445000", "446000")
    swap(kit_path, "totals.csv", "2326", "2327")
    report = import_kit(session, AU, read_kit(kit_path), now=LATER)
    session.commit()
    assert report.cases_changed == ["ada-example"] and report.cases_unchanged == ["river-people"]
    assert report.texts_changed == ["ada-example/en/summary"]
    assert report.stories == ["bob-example"] and report.totals == [2001]
    assert report.case_ids_changed == [case_of(session, "ada-example").id]
    assert case_of(session, "ada-example").goal == 5000
    assert case_of(session, "ada-example").updated_at == LATER
    assert case_of(session, "river-people").updated_at == NOW


def test_own_words_stay_and_conflicts_are_told(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    text_of(session, "ada-example", "summary").local = "Our summary."
    session.commit()
    quiet = bring(session, kit_path)
    assert not quiet.changed and quiet.texts_kept_local == ["ada-example/en/summary"] and quiet.conflicts == []
    swap(kit_path, "cases/ada-example/en.md", "She sang.", "She sang twice.")
    report = bring(session, kit_path)
    row = text_of(session, "ada-example", "summary")
    assert (row.shown, row.local, row.centre_base) == ("Our summary.", "Our summary.", "She sang twice.")
    (conflict,) = report.conflicts
    assert (conflict.slug, conflict.locale, conflict.field) == ("ada-example", "en", "summary")
    assert (conflict.before, conflict.now, conflict.own) == ("She sang.", "She sang twice.", "Our summary.")
    assert report.case_ids_changed == [], "what readers see is the same"
    assert not bring(session, kit_path).changed


def test_words_the_centre_takes_back_go_unless_they_are_the_sections_own(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    text_of(session, "ada-example", "title", "fr").local = "Notre titre"
    session.commit()
    (kit_path / "cases/ada-example/fr.md").unlink()
    report = bring(session, kit_path)
    left = session.scalars(select(CaseText).where(CaseText.locale == "fr")).all()
    assert [(row.field, row.centre_base, row.local) for row in left] == [("title", None, "Notre titre")]
    assert "ada-example/fr/story" in report.texts_changed
    assert [(item.field, item.now) for item in report.conflicts] == [("title", None)]
    assert not bring(session, kit_path).changed


def test_a_text_only_the_section_has_stays(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    case = case_of(session, "ada-example")
    session.add(CaseText(case_id=case.id, locale="mi", field="title", local="He waiata"))
    session.commit()
    assert not bring(session, kit_path).changed
    assert text_of(session, "ada-example", "title", "mi").shown == "He waiata"


def test_a_status_set_by_the_section_stays(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    change_case_status(session, AU, "ada-example", "withdrawn", now=NOW)
    session.commit()
    swap(kit_path, "cases/ada-example/case.toml", 'status = "active"', 'status = "freed"')
    report = bring(session, kit_path)
    assert report.statuses_kept == ["ada-example"] and not report.changed
    assert case_of(session, "ada-example").status == "withdrawn"


def test_a_status_of_the_centre_follows_the_kit(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    swap(kit_path, "cases/ada-example/case.toml", 'status = "active"', 'status = "freed"')
    report = import_kit(session, AU, read_kit(kit_path), now=LATER)
    session.commit()
    case = case_of(session, "ada-example")
    assert (case.status, case.status_changed_at, case.status_is_local) == ("freed", LATER, False)
    assert report.cases_changed == ["ada-example"] and report.case_ids_changed == [case.id]


def test_cases_a_newer_kit_lacks_are_left_and_told(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    for name in ("case.toml", "en.md"):
        (kit_path / "cases/river-people" / name).unlink()
    (kit_path / "cases/river-people").rmdir()
    report = bring(session, kit_path)
    assert report.cases_missing == ["river-people"] and not report.changed
    assert case_of(session, "river-people").name == "River People"


def test_sections_do_not_touch_each_other(session: Session, kit_path: Path) -> None:
    bring(session, kit_path)
    bring(session, kit_path, section=MA)
    swap(kit_path, "cases/ada-example/case.toml", "goal = 2000", "goal = 5000")
    bring(session, kit_path, section=MA)
    goals = {case.section: case.goal for case in session.scalars(select(Case).where(Case.slug == "ada-example"))}
    assert goals == {"AU": 2000, "MA": 5000}


def test_the_window_arguments_then_section_then_what_is_there_then_kit(session: Session, kit_path: Path) -> None:
    def dates() -> tuple[date, date]:
        edition = session.scalars(select(Edition)).one()
        return edition.starts_on, edition.ends_on

    bring(session, kit_path, starts_on=date(2024, 12, 1), demo=True)
    assert dates() == (date(2024, 12, 1), date(2025, 1, 31))
    swap(kit_path, "campaign.toml", "2025-01-31", "2025-02-07")
    report = bring(session, kit_path)
    assert report.window_kept and not report.changed, "a window once set moves only when told to"
    assert session.scalars(select(Edition)).one().is_demo, "a demonstration turns real only when told to"
    own = replace(AU, window={"starts_on": date(2024, 11, 30), "ends_on": date(2024, 12, 10)})
    report = bring(session, kit_path, section=own, demo=False)
    assert dates() == (date(2024, 11, 30), date(2024, 12, 10)) and not session.scalars(select(Edition)).one().is_demo
    assert report.edition_changed and len(report.case_ids_changed) == 2, "the window stands on every page"
    with pytest.raises(KitError, match="before it starts"):
        bring(session, kit_path, ends_on=date(2024, 1, 1))


def test_the_sections_window_is_not_for_another_year(session: Session) -> None:
    own = replace(AU, window={"starts_on": date(2024, 12, 1), "ends_on": date(2024, 12, 10)})
    for year in ("2021", "2024"):
        import_kit(session, own, read_kit(resolve_kit(year)), now=NOW)
    starts = {edition.year: edition.starts_on for edition in session.scalars(select(Edition))}
    assert starts == {"2021": date(2021, 11, 1), "2024": date(2024, 12, 1)}
    named = replace(own, edition="2023")
    import_kit(session, named, read_kit(resolve_kit("2023")), now=NOW, ends_on=date(2025, 1, 1))
    assert session.scalars(select(Edition).where(Edition.year == "2023")).one().starts_on == date(2024, 12, 1)


def test_nothing_is_kept_of_an_import_that_breaks_off(
    session: Session, kit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = read_kit(kit_path)
    monkeypatch.setattr("flask_w4r.services.kits.importer.merge_totals", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        import_kit(session, AU, kit, now=NOW)
    session.rollback()
    for table in (Edition, Case, CaseText, ImpactStory):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_faulty_kit_is_never_begun(session: Session, kit_path: Path) -> None:
    put(kit_path, "totals.csv", "year;total\n")
    with pytest.raises(KitError):
        bring(session, kit_path)
    assert session.scalar(select(func.count()).select_from(Edition)) == 0


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_imports_at_the_same_time_follow_each_other(any_engine: Engine, kit_path: Path, known: bool) -> None:
    if any_engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer; the unit of work begins it at once")
    if known:
        with Session(any_engine) as session:
            import_kit(session, AU, read_kit(kit_path), now=NOW)
            session.commit()
        swap(kit_path, ADA, "goal = 2000", "goal = 5000")
    kit = read_kit(kit_path)
    engine = any_engine.execution_options(isolation_level="READ COMMITTED")
    reports: list[KitReport] = []

    def work() -> None:
        for _ in range(RETRIES):
            try:
                with Session(engine) as session:
                    report = import_kit(session, AU, kit, now=LATER)
                    session.commit()
            except DBAPIError as error:
                assert is_transient(error), error
            else:
                reports.append(report)
                return

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.changed for report in reports) == [False] * 5 + [True]
