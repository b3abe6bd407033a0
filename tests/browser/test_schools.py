"""Schools in a browser: teacher, class and projector in both directions and widths; a class by keyboard, without scripts."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor, models
from flask_w4r.keyring import generate_key
from flask_w4r.services.campaign import catalogue
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.people import tokens
from flask_w4r.services.schools import classes, pupils, telling
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from tests.browser.conftest import AXE_PATH, Visitor, serve_axe
from tests.browser.test_deliveries import KITS, Site

pytestmark = pytest.mark.browser
LOOKS = [("/au", 1280, "light"), ("/au", 390, "dark"), ("/ma", 390, "light"), ("/ma", 1280, "dark")]
NAMES = {"AU": ["Ann", "Bo", "Cy", "Dee"], "MA": ["سلمى", "يوسف", "Amina", "علي"]}
SCHOOLS = {"AU": ("Hill School", "Hobart"), "MA": ("ثانوية ابن بطوطة", "الرباط")}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in the middle of its campaign, whose every visitor is staff."""
    app = Flask("school_site")
    w4r = W4R(actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    folder, today = tmp_path_factory.mktemp("schools"), datetime.now(UTC).date()
    window = {"starts_on": today - timedelta(days=9), "ends_on": today + timedelta(days=20)}
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}", W4R_FORM_MIN_SECONDS=0,
        W4R_MAIL_SENDER="w4r@example.org", W4R_MAIL_URL="console:", W4R_BASE_URL="http://localhost",
        W4R_SECTIONS=[
            {"preset": code, "url_prefix": f"/{code.lower()}", "class_mode": "names", "window": window}
            for code in ("AU", "MA")
        ],
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    app.add_url_rule(AXE_PATH, view_func=serve_axe)
    site = Site(app)
    site.run("db", "upgrade")
    site.run("kit", "import", str(KITS / "2024"), "--section", "all")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture(scope="module")
def taught(desk: Site) -> Site:
    """In each section a school with a class that began to write, and one that waits."""
    state = get_state(desk.app)
    for code in ("AU", "MA"):
        section, now = state.sections[code], datetime.now(UTC)
        name, town = SCHOOLS[code]

        def work(uow: UnitOfWork, section: Any = section, now: Any = now, name: str = name, town: str = town) -> None:
            session, keyring = uow.session, uow.state.keyring
            lens = Lens(section, section.default_locale, now, lambda *given, **values: "")
            edition = catalogue.current_edition(session, lens)
            assert edition is not None
            cases = [case.id for case in catalogue.cases_of(session, lens, edition) if case.takes_actions][:3]
            for number, status in enumerate(("approved", "submitted")):
                session.add(
                    models.School(
                        section=section.code, edition_id=edition.id, state=status, name=name, town=town, reasons=[],
                        country=section.country, size=60, cases=cases, locale=section.default_locale, created_at=now,
                        person=keyring.seal_json({"name": "Tess Teacher", "email": f"tess{number}@example.org"}),
                        held_at=now if status == "submitted" else None, updated_at=now,
                    )
                )  # fmt: skip
            session.flush()
            school = _school(session, section.code)
            assert classes.make(session, keyring, section, school.id, "7b", 28, now=now) == "made"
            (made,) = classes.of_school(session, keyring, school.id)
            for number in range(14):
                who = None if number == 9 else (NAMES[section.code][number % 4], 14 + number % 3)
                done = pupils.count(
                    session, keyring, section, made.id, cases[:1], who, press=f"{section.code}{number}", now=now
                )
                assert done == "counted", done
            for label in ("8c", "9d"):
                assert classes.make(session, keyring, section, school.id, label, 1, now=now) == "made"
            _, full, ended = classes.of_school(session, keyring, school.id)
            pupils.count(session, keyring, section, full.id, cases[:1], None, press=f"full {section.code}", now=now)
            classes.end(session, section, school.id, ended.id, now=now)
            told = {cases[0]: {"letter": 12, "card": 5}}
            assert telling.tell(uow, section, school.id, 20, told, "", now=now) == "reported"

        run(desk.app, work)
    return desk


def _school(session: Any, code: str) -> models.School:
    wanted = select(models.School).where(models.School.section == code, models.School.state == "approved")
    found: models.School = session.scalars(wanted).first()
    return found


def _link(site: Site, code: str) -> tuple[str, dict[str, str]]:
    """A teacher's link, and the codes of the classes by what they are called."""

    def work(uow: UnitOfWork) -> tuple[str, dict[str, str]]:
        school = _school(uow.session, code)
        raw = tokens.issue(uow.session, code, "school", [school.id, 1], now=datetime.now(UTC), days=3)
        made = classes.of_school(uow.session, uow.state.keyring, school.id)
        return raw, {one.label: one.code for one in made}

    return run(site.app, work)


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_pages(taught: Site, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    page = visitor.page
    token, codes = _link(taught, prefix[1:3].upper())
    code = codes["7b"]
    pages = {
        "schools": "/schools", "new": "/schools/new", "new_thanks": "/schools/new/thanks", "code": "/class?code=x",
        "class": f"/class/{code}", "thanks": f"/class/{code}/thanks", "board": f"/class/{code}/board",
        "full": f"/class/{codes['8c']}", "ended": f"/class/{codes['9d']}", "enter": f"/school/{token}", "school": "", "report": "/school/report", "desk": "/moderation/schools",
        "queue": "/moderation/queue?kind=school",
        "reports": "/moderation/queue?kind=report", "anybody": f"/report?code={code}",
    }  # fmt: skip
    findings, too_wide = [], []
    for name, path in pages.items():
        if path:
            page.goto(f"{taught.base}{prefix}{path}")
        else:
            page.locator("#w4r-main form button[type=submit]").press("Enter")
            page.wait_for_url(re.compile("/school$"))
            page.locator("details summary").first.press("Enter")
        if name in ("new", "class"):
            page.locator("#w4r-main form button[type=submit]").press("Enter")
            page.locator("[data-w4r-errors]").wait_for()
        findings += [(name, one) for one in visitor.axe()]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        visitor.shot(f"schools{prefix}_{name}_{width}_{scheme}".replace("/", "_"))
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    assert visitor.complaints == []


def test_a_class_by_keyboard_without_scripts(taught: Site, visit: Any) -> None:
    visitor: Visitor = visit(390, javascript=False)
    page = visitor.page
    token, _ = _link(taught, "AU")
    page.goto(f"{taught.base}/au/school/{token}")
    page.locator("#w4r-main form button[type=submit]").press("Enter")
    page.locator("#label").fill("8a")
    page.locator("#size").fill("2")
    page.get_by_role("button", name="Make the link").press("Enter")
    assert "The class has its link." in page.locator("#w4r-main").inner_text()
    page.get_by_role("link", name=re.compile("The class’s form.*8a")).press("Enter")
    for name in ("Eli", ""):
        page.locator("input[name=cases]").first.check()
        page.locator("#first_name").fill(name)
        page.locator("#age").fill("15" if name else "")
        page.get_by_role("button", name="I wrote it").press("Enter")
        page.get_by_text("Thank you! Your letter counts.").wait_for()
        if name:
            page.get_by_role("link", name="Next pupil").press("Enter")
    code = page.url.split("/")[-2]
    page.goto(f"{taught.base}/au/class/{code}")
    assert "Your whole class is counted" in page.locator("h1").inner_text()
    page.goto(f"{taught.base}/au/class/{code}/board")
    assert page.get_by_role("link", name="Count again").is_visible()
    page.goto(f"{taught.base}/au/school")
    page.locator("summary", has_text="8a").press("Enter")
    page.get_by_role("button", name=re.compile("Take back.*without a name")).first.press("Enter")
    page.get_by_text("Taken back: this pupil").wait_for()
    page.goto(f"{taught.base}/au/class/{code}")
    assert page.get_by_role("button", name="I wrote it").is_visible(), "the place is free again"
    page.goto(f"{taught.base}/au/school")
    page.get_by_role("button", name="Erase all names of 8a").press("Enter")
    assert "The names and ages are erased." in page.locator("#w4r-main").inner_text()
    kept = read(taught.app, lambda session: session.query(models.Pupil).filter_by(section="AU").count())
    assert kept == 15, "those of the other classes"


def test_the_board_is_current_by_itself(taught: Site, visit: Any) -> None:
    visitor: Visitor = visit(1280)
    code = _link(taught, "AU")[1]["7b"]
    visitor.page.clock.install()
    visitor.page.goto(f"{taught.base}/au/class/{code}/board")
    assert visitor.page.locator("[data-w4r-count-value=people]").inner_text() == "14"
    state = get_state(taught.app)

    def one_more(uow: UnitOfWork) -> None:
        made = classes.of_school(uow.session, uow.state.keyring, _school(uow.session, "AU").id)[0]
        cases = _school(uow.session, "AU").cases
        section = state.sections["AU"]
        pupils.count(uow.session, state.keyring, section, made.id, cases, None, press="x", now=datetime.now(UTC))

    run(taught.app, one_more)
    visitor.page.clock.run_for(11_000)
    visitor.until("document.querySelector('[data-w4r-count-value=people]').textContent.trim() === '15'")
