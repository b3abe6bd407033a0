"""What becomes of a case: closed, freed, withdrawn; by the command line and by the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from flask_w4r import W4R, Actor, Permission
from flask_w4r.models import Case, Edition, ImpactStory, Picture
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.signals import case_changed
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host
from tests.embedding.conftest import MA, MakeSite, clear_pages, signatures
from tests.petitions.helpers import session_token

NAME = b"Ann Example"
OF_THE_CASE = ("", "/sign", "/sign/token", "/thanks", "/tally.json", "/photo-400", "/photo-999")
NAMING = ("/", "/impact", "/tally.json", "/sign", "/sign/thanks", "/cases/bob-example", "/cases/bob-example/thanks",
          "/editions/2026/", "/editions/2020/")  # fmt: skip


class Staff:
    """Somebody at the desk."""

    actor: Actor | None = Actor("7", "Mo Derator")
    allowed: Any = True
    asked: list[tuple[str, Permission, str]]


@pytest.fixture
def staff() -> Staff:
    found = Staff()
    found.asked = []
    return found


@pytest.fixture
def host(make_site: MakeSite, staff: Staff) -> Host:
    def may(actor: Actor, permission: Permission, section: Any) -> bool:
        staff.asked.append((actor.id, permission, section.code))
        return bool(staff.allowed) if staff.allowed != "yes" else "yes"  # type: ignore[return-value]

    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, actor_loader=lambda: staff.actor, permission_check=may)
    made = make_site(section=MA, w4r=w4r)
    made.mailer = mailer
    make_campaign(made.app, ["ann-example", "bob-example"])
    ids = make_campaign(made.app, ["ann-example"], year="2020")

    def more(uow: Any) -> None:
        old = uow.session.query(Edition).filter_by(year="2020").one()
        old.starts_on, old.ends_on = date(2020, 11, 1), date(2020, 12, 31)
        case = uow.session.query(Case).filter_by(slug="ann-example").order_by(Case.id).first()
        case.photo = {"alt": "Ann Example smiles", "credit": "A. Friend"}
        assert case.id != ids["MA/ann-example"]
        for width in (400, 800):
            uow.session.add(
                Picture(case_id=case.id, width=width, height=width, mime="image/jpeg", digest="d" * 64, data=b"jpeg")
            )
        uow.session.add(ImpactStory(
            section="MA", slug="ann-example", name="Ann Example", country="NZ", edition="2020", happened_on="2021-05",
            outcome="released", texts={"en": {"title": "Ann Example is free", "summary": "Yes.", "story": "Long."}},
            figures=[], quotes=[], source="https://example.org", source_title="Source",
        ))  # fmt: skip

    run(made.app, more)
    return made


def by_command(host: Host, status: str) -> None:
    host.run("w4r", "case", "status", "ann-example", status)


def by_desk(host: Host, status: str) -> None:
    client = host.app.test_client()
    page = client.get("/ma/moderation/cases/ann-example")
    answer = submit(client, page, "status", status=status)
    if status == "withdrawn":
        answer = submit(client, answer, "sure")
    assert (answer.status_code, answer.location) == (303, "/ma/moderation/cases/ann-example")


WAYS = pytest.mark.parametrize("change", [by_command, by_desk])
Change = Callable[[Host, str], None]


@WAYS
def test_withdrawn_is_gone_everywhere(host: Host, change: Change) -> None:
    client = host.app.test_client()
    named = [path for path in NAMING if NAME in client.get(f"/ma{path}").data]
    assert {"/", "/impact", "/sign", "/cases/bob-example", "/editions/2020/"} <= set(named)
    assert client.get("/ma/cases/ann-example/photo-400").data == b"jpeg"
    change(host, "withdrawn")
    clear_pages(host)
    for locale in ("/ma", "/ma/fr"):
        for path in OF_THE_CASE:
            answer = client.get(f"{locale}/cases/ann-example{path}")
            assert (path, answer.status_code) == (path, 410)
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert NAME not in answer.data
            assert b"ann-example" not in answer.data.replace(b"cases/ann-example", b"")
        assert client.post(f"{locale}/cases/ann-example/sign", data=supporter()).status_code == 410
        for path in NAMING:
            answer = client.get(f"{locale}{path}")
            assert NAME not in answer.data
            assert b"ann-example" not in answer.data
            assert answer.status_code == 200
    tally = client.get("/ma/tally.json").get_json()
    assert [case["case"] for case in tally["cases"]] == ["bob-example"]


def test_a_cached_page_is_gone_with_its_time(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_w4r.web import kept

    client = host.app.test_client()
    clock = [1000.0]
    monkeypatch.setattr(kept, "monotonic", lambda: clock[0])
    page = client.get("/ma/cases/ann-example")
    by_command(host, "withdrawn")
    lasts = kept.RENDER_SECONDS + int(page.headers["Cache-Control"].partition("max-age=")[2])
    assert lasts <= 5
    clock[0] += kept.RENDER_SECONDS
    answer = client.get("/ma/cases/ann-example", headers={"If-None-Match": page.headers["ETag"]})
    assert answer.status_code == 410


@WAYS
def test_mails_of_a_withdrawn_case_are_dropped(host: Host, change: Change) -> None:
    client = host.app.test_client()
    assert sign(client, "/ma", "ann-example").status_code == 303
    change(host, "withdrawn")
    run_jobs(host.app)
    assert host.mailer.messages == []
    assert [row[0] for row in host.rows("SELECT state FROM w4r_outbox")] == ["dropped"]


def test_a_link_that_was_sent_names_nobody_any_more(host: Host) -> None:
    client = host.app.test_client()
    sign(client, "/ma", "ann-example")
    run_jobs(host.app)
    link = host.mailer.links("/confirm/")[0].removeprefix("http://localhost")
    assert NAME in client.get(link).data
    page = client.get(link)
    by_command(host, "withdrawn")
    assert NAME not in client.get(link).data
    assert NAME not in submit(client, page).data
    assert host.rows("SELECT * FROM w4r_signature WHERE state = 'confirmed'") == []


def test_a_withdrawn_case_cannot_be_signed_with_others(host: Host) -> None:
    client = host.app.test_client()
    page = client.get("/ma/sign")
    by_command(host, "withdrawn")
    answer = submit(client, page, "form_token", **supporter(cases=["ann-example"]))
    assert answer.status_code == 422
    assert NAME not in answer.data
    answer = submit(client, page, "form_token", **supporter(cases=["ann-example", "bob-example"]))
    assert signatures(host) == (0 if answer.status_code == 422 else 1)


@WAYS
@pytest.mark.parametrize(("status", "mark"), [("closed", 'class="w4r-note"'), ("freed", 'class="w4r-goodnews"')])
def test_closed_and_freed_keep_their_page(host: Host, change: Change, status: str, mark: str) -> None:
    client = host.app.test_client()
    page = client.get("/ma/cases/ann-example/sign")
    change(host, status)
    clear_pages(host)
    answer = client.get("/ma/cases/ann-example")
    assert answer.status_code == 200
    assert mark in answer.text
    assert "<form" not in answer.text
    assert client.get("/ma/cases/ann-example/sign").status_code == 303
    assert submit(client, page, "form_token", **supporter()).status_code == 409
    assert signatures(host) == 0
    assert NAME in client.get("/ma/").data
    change(host, "active")
    clear_pages(host)
    assert "<form" in client.get("/ma/cases/ann-example").text


@WAYS
def test_the_signal_lists_what_to_purge(host: Host, change: Change) -> None:
    seen: list[dict[str, Any]] = []

    def note(sender: Any, **ids: Any) -> None:
        assert sender is host.app
        seen.append(ids)

    with case_changed.connected_to(note):
        change(host, "withdrawn")
        change(host, "withdrawn")
    (ids,) = seen
    assert (ids["section"], ids["slug"], ids["status"], len(ids["case_ids"])) == ("MA", "ann-example", "withdrawn", 2)
    urls = ids["urls"]
    assert len(urls) == len(set(urls))
    for locale in ("/ma", "/ma/fr"):
        for path in ("", "/thanks", "/tally.json", "/sign", "/photo-400", "/photo-800"):
            assert f"http://localhost{locale}/cases/ann-example{path}" in urls
        for path in NAMING:
            if path not in ("/sign", "/sign/thanks"):  # Never cached, and never a name.
                assert f"http://localhost{locale}{path}" in urls


def test_an_unknown_case_and_an_unknown_status(host: Host) -> None:
    runner = host.app.test_cli_runner()
    result = runner.invoke(args=["w4r", "case", "status", "nobody", "closed"])
    assert result.exit_code == 1
    assert "no case 'nobody'" in result.output
    assert runner.invoke(args=["w4r", "case", "status", "ann-example", "forgotten"]).exit_code == 2
    assert runner.invoke(args=["w4r", "case", "status", "ann-example", "closed", "--section", "XX"]).exit_code == 2


@pytest.mark.parametrize("refusal", ["nobody", "not allowed", "not quite True", "no hooks"])
def test_the_desk_is_closed_unless_the_host_says_true(
    host: Host, staff: Staff, make_site: MakeSite, refusal: str
) -> None:
    if refusal == "nobody":
        staff.actor = None
    elif refusal == "no hooks":
        host = make_site(section=MA, upgrade=False)
    else:
        staff.allowed = "yes" if refusal == "not quite True" else False
    client = host.app.test_client()
    assert client.get("/ma/moderation/").status_code == 403
    assert client.get("/ma/moderation/cases/ann-example").status_code == 403
    data = {"csrf_token": session_token(client), "status": "withdrawn"}
    assert client.post("/ma/moderation/cases/ann-example/status", data=data).status_code == 403
    assert host.rows("SELECT DISTINCT status FROM w4r_case")[0][0] == "active"


def test_the_desk_asks_for_each_permission(host: Host, staff: Staff) -> None:
    client = host.app.test_client()
    page = client.get("/ma/moderation/")
    assert page.status_code == 200
    assert NAME in page.data
    assert page.headers["Cache-Control"] == "private, no-store"
    # The page's own permission first; what follows is about which other parts to show.
    assert staff.asked[0] == ("7", Permission.VIEW_QUEUE, "MA")
    staff.asked.clear()
    by_desk(host, "closed")
    # In both views, and in the service once more.
    assert staff.asked[0] == ("7", Permission.EDIT_CASES, "MA")
    assert staff.asked[-2:] == [("7", Permission.EDIT_CASES, "MA")] * 2


def test_the_desks_form_needs_its_token_and_a_status(host: Host) -> None:
    client = host.app.test_client()
    path = "/ma/moderation/cases/ann-example/status"
    assert client.post(path, data={"status": "withdrawn"}).status_code == 422
    _, fields = form_fields(client.get("/ma/moderation/cases/ann-example"), "csrf_token")
    answer = client.post(path, data={**fields, "status": "forgotten"})
    assert answer.status_code == 422
    assert "status" in answer.text
    assert client.get("/ma/moderation/cases/nobody").status_code == 404
    assert client.post(path.replace("ann", "nobody"), data={**fields, "status": "closed"}).status_code == 404
    assert {row[0] for row in host.rows("SELECT status FROM w4r_case")} == {"active"}
