"""Emails to those in power in a browser: written by keyboard, proved once, and looked at by the desk, in both directions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, take_in
from tests.browser.conftest import AXE_PATH, Visitor, serve_axe
from tests.emails.world import MINISTER, Clock, put_emails, put_texts

pytestmark = pytest.mark.browser

TEXTS = {
    "en": ("Free Ann Example", "Your Excellency,\n\nI write to you about Ann Example, who is in prison for what she said.\n\n"
           "Please free her now, and drop all charges.\n\nYours faithfully,"),
    "ar": ("أفرجوا عن آن", "صاحب المعالي،\n\nأكتب إليكم بشأن آن، وهي في السجن بسبب ما قالته.\n\nأرجو الإفراج عنها فورًا.\n\nمع الاحترام،"),
}  # fmt: skip


class Running(Clock):
    """A Monday at noon where the target sits, from which time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began)


class Site:
    """The site, as ``tests.emails.world`` knows one."""

    def __init__(self, app: Flask, mailer: RecordingMailer) -> None:
        self.app, self.mailer, self.base = app, mailer, ""


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in English and Arabic whose every visitor is staff."""
    app, mailer = Flask("emails_site"), RecordingMailer()
    w4r = W4R(
        mailer=mailer, clock=Running(), actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True
    )
    folder = tmp_path_factory.mktemp("emails")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}", W4R_MAIL_SENDER="Write for Rights <w4r@example.org>",
        W4R_BASE_URL="http://localhost", W4R_CAPTCHA="none",
        W4R_SECTION={"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar"]},
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    app.add_url_rule(AXE_PATH, view_func=serve_axe)
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    make_campaign(app, ["ann-example", "bo-example"])
    site: Any = Site(app, mailer)
    from tests.emails.world import change_case

    for slug in ("ann-example", "bo-example"):
        change_case(site, slug, target=MINISTER)
        for locale, (subject, text) in TEXTS.items():
            put_texts(site, {"email.1.subject": subject, "email.1.text": text}, slug, locale)
        put_texts(site, {"title": "قضية آن", "summary": "قصة للاختبار.", "demand": "أفرجوا عن آن الآن.", "petition": "أفرجوا عنها.", "story": "كان يا ما كان."}, slug, "ar")  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    serving.join()
    server.server_close()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def _at(visit: Any, site: Site, width: int, **options: Any) -> Visitor:
    visitor: Visitor = visit(width, **options)
    visitor.base, visitor.app = site.base, site.app
    visitor.foreign.clear()
    return visitor


def _saw_nothing_foreign(*visitors: Visitor) -> None:
    for visitor in visitors:
        assert [url for url in visitor.foreign if not url.startswith(visitor.base)] == []
        assert visitor.complaints == []


def _link(site: Site) -> str:
    run_jobs(site.app)
    links = [one for number in range(len(site.mailer.messages)) for one in site.mailer.links("/confirm-email/", number)]
    return links[-1].removeprefix("http://localhost")


def test_written_by_keyboard_and_proved_once(visit: Any, letters: Site) -> None:
    visitor = _at(visit, letters, 1280)
    page = visitor.page
    visitor.open("/au/cases/ann-example")
    page.locator("[data-w4r-way=email] a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/email")
    findings = visitor.axe()
    visitor.shot("email-write-1280")
    page.focus("[name=first_name]")
    for words in ("Sam", "Sample", None, "sam1@example.org"):
        if words:
            page.keyboard.type(words)
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "consent"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/email/thanks")
    findings += visitor.axe()
    visitor.shot("email-thanks-1280")
    visitor.open(_link(letters))
    findings += visitor.axe()
    visitor.shot("email-confirm-1280")
    page.locator(".w4r-button--go").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Your email will be sent").first.wait_for()
    findings += visitor.axe()
    mails = len(letters.mailer.messages)
    visitor.open("/au/cases/bo-example/email")
    for name, words in (("first_name", "Sam"), ("last_name", "Sample"), ("email", "sam1@example.org")):
        page.fill(f"[name={name}]", words)
    page.check("[name=consent]")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/email/taken")
    findings += visitor.axe()
    take_in(letters.app)
    run_jobs(letters.app)
    assert [message["To"] for message in letters.mailer.messages[mails:]] == [MINISTER["email"]]
    assert findings == []
    _saw_nothing_foreign(visitor)


def test_in_arabic_without_scripts_and_at_the_desk(visit: Any, letters: Site) -> None:
    looker, plain = _at(visit, letters, 390), _at(visit, letters, 390, javascript=False)
    page = plain.page
    plain.open("/au/ar/cases/ann-example/email")
    looker.open("/au/ar/cases/ann-example/email")
    assert looker.page.get_attribute("html", "dir") == "rtl"
    findings = looker.axe()
    looker.shot("email-write-ar-390")
    looker.page.locator("form[data-w4r-sign] button[type=submit]").click()
    looker.page.locator("[data-w4r-errors]").wait_for()
    findings += looker.axe()
    looker.shot("email-errors-ar-390")
    page.fill("[name=body]", TEXTS["ar"][1].replace("فورًا", "فورًا، واكتبوا إلي على 0491570156"))
    for name, words in (("first_name", "سلمى"), ("last_name", "مثال"), ("email", "salma@example.org")):
        page.fill(f"[name={name}]", words)
    page.check("[name=consent]")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    assert page.url.endswith("/email/thanks")
    take_in(letters.app)
    link = _link(letters)
    looker.open(link)
    findings += looker.axe()
    looker.shot("email-confirm-ar-390")
    plain.open(link)
    page.locator(".w4r-button--go").click()
    assert page.locator("[data-w4r-did=email]").count() == 1
    put_emails(letters, 3, email_index=None)  # type: ignore[arg-type]
    staff = _at(visit, letters, 1280)
    for path, name in (("queue?kind=email", "email-queue-1280"), ("emails", "email-desk-1280")):
        staff.open(f"/au/moderation/{path}")
        findings += staff.axe()
        staff.shot(name)
        if "queue" in path:
            assert staff.page.locator(".w4r-q__diff").get_attribute("dir") == "rtl"
    staff.page.set_viewport_size({"width": 390, "height": 850})
    for path, name in (("queue?kind=email", "email-queue-ar-390"), ("emails", "email-desk-ar-390")):
        staff.open(f"/au/ar/moderation/{path}")
        findings += staff.axe()
        staff.shot(name)
    assert findings == []
    _saw_nothing_foreign(looker, staff)
