"""What came of a link: by case, source, text and day; never who."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.services.sharing import counting
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, submit, supporter
from tests.conftest import Host, every_database
from tests.embedding.conftest import AU, MakeSite

VISIT = "/au/cases/ann-example/share/visit"
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(make_site: MakeSite) -> Host:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example", "ben-example"])
    return host


def counts(host: Host) -> list[tuple[Any, ...]]:
    counting.visits(host.app).flush(host.app)
    rows = host.rows("SELECT source, variant, kind, count FROM w4r_share_count ORDER BY source, variant, kind, case_id")
    return [tuple(row) for row in rows]


def sign_via(host: Host, via: str, number: int = 1, **typed: Any) -> None:
    client = host.app.test_client()
    page = client.get("/au/cases/ann-example/sign")
    answer = submit(client, page, "form_token", **{**supporter(number), "via": via, **typed})
    assert answer.status_code == 303


@every_database
def test_visits_and_actions_are_added_up(site: Host) -> None:
    client = site.app.test_client()
    for via in ("x:2", "x:2", "qr"):
        assert client.post(VISIT, data={"via": via}, headers=HERE).status_code == 204
    assert counts(site) == [("qr", 0, "visit", 1), ("x", 2, "visit", 2)]
    assert client.post(VISIT, data={"via": "x:2"}, headers=HERE).status_code == 204
    sign_via(site, "x:2")
    sign_via(site, "x:2", 2)
    sign_via(site, "of-mine", 3)
    assert counts(site) == [("qr", 0, "visit", 1), ("x", 2, "action", 2), ("x", 2, "visit", 3)]


def test_what_is_held_is_not_counted_and_nothing_of_it_stays(site: Host) -> None:
    sign_via(site, "x", website="https://spam.example", first_name="https://spam.example")
    assert site.rows("SELECT held_at FROM w4r_signature WHERE held_at IS NOT NULL")
    assert counts(site) == []
    sign_via(site, "telegram", 2)
    assert counts(site) == [("telegram", 0, "action", 1)]
    assert site.rows("SELECT id FROM w4r_intake") == []
    for row in site.rows("SELECT * FROM w4r_signature"):
        assert "telegram" not in repr(row)


def test_a_form_for_several_counts_for_each(site: Host) -> None:
    client = site.app.test_client()
    page = client.get("/au/sign")
    typed = {**supporter(), "via": "newsletter", "cases": ["ann-example", "ben-example"]}
    assert submit(client, page, "form_token", **typed).status_code == 303
    assert counts(site) == [("newsletter", 0, "action", 1)] * 2


def test_a_form_that_comes_back_keeps_its_source(site: Host) -> None:
    client = site.app.test_client()
    page = client.post("/au/cases/ann-example/sign", data={**supporter(), "via": "x:1"})
    assert page.status_code == 422
    assert form_fields(page, "form_token")[1]["via"] == ["x:1"]
    assert submit(client, page, "form_token").status_code == 303
    assert counts(site) == [("x", 1, "action", 1)]
    page = client.post("/au/cases/ann-example/sign", data={**supporter(), "via": '"><b>'})
    assert form_fields(page, "form_token")[1]["via"] == [""]


@pytest.mark.parametrize(
    ("path", "via", "headers", "status"),
    [
        (VISIT, "x", {"Sec-Fetch-Site": "cross-site"}, 403),
        (VISIT, "x", {"Origin": "https://evil.example"}, 403),
        (VISIT, "of-mine", HERE, 422),
        (VISIT, "", HERE, 422),
        ("/au/cases/nobody/share/visit", "x", HERE, 404),
    ],
)
def test_what_is_not_counted(site: Host, path: str, via: str, headers: dict[str, str], status: int) -> None:
    answer = site.app.test_client().post(path, data={"via": via}, headers=headers)
    assert answer.status_code == status
    assert "no-store" in answer.headers["Cache-Control"]
    assert counts(site) == []


def test_a_network_is_counted_so_often(make_site: MakeSite) -> None:
    host = make_site(section=AU, rate_limits={"share_host": "3/minute"})
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    answers = [client.post(VISIT, data={"via": "x"}, headers=HERE) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert counts(host) == [("x", 0, "visit", 3)]


def test_a_section_may_count_nothing(make_site: MakeSite) -> None:
    host = make_site(section={**AU, "share_sources": []})
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    assert client.post(VISIT, data={"via": "x"}, headers=HERE).status_code == 422
    page = client.get("/au/cases/ann-example").text + client.get("/au/cases/ann-example/share").text
    assert "src%3D" not in page
    assert "src=x" not in page
    assert "data-w4r-came-by" not in page
    assert "https://wa.me/?text=" in page


def test_a_database_that_is_away_loses_nothing(site: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    client = site.app.test_client()
    client.post(VISIT, data={"via": "x"}, headers=HERE)

    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("x", {}, Exception("away"))

    with monkeypatch.context() as patched:
        patched.setattr(counting, "add_up", away)
        assert counting.visits(site.app).flush(site.app) == 0
    assert counts(site) == [("x", 0, "visit", 1)]


def test_old_counts_go(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    host.app.test_client().post(VISIT, data={"via": "x"}, headers=HERE)
    assert counts(host) == [("x", 0, "visit", 1)]
    run_jobs(host.app)
    assert counts(host) == [("x", 0, "visit", 1)]
    state = get_state(host.app)
    now = state.clock()
    object.__setattr__(state, "clock", lambda: now + timedelta(days=counting.KEPT_DAYS + 2))
    dry = host.run("w4r", "retention", "run", "--dry-run", "--json")
    assert '"what": "share_counts", "due": 1' in dry.output
    host.run("w4r", "retention", "run")
    assert counts(host) == []


def test_the_desk_reads_and_takes_away(desk: Host, staff: Callable[..., Any]) -> None:
    slug = desk.rows("SELECT slug FROM w4r_case ORDER BY id")[0].slug
    prefix = f"/au/cases/{slug}/share/visit"
    client = desk.app.test_client()
    for via in ("x:2", "x:2", "bluesky"):
        assert client.post(prefix, data={"via": via}, headers=HERE).status_code == 204
    counting.visits(desk.app).flush(desk.app)
    page = staff(may="edit_cases").get("/au/moderation/shares").text
    assert "Bluesky" in page
    assert f"/au/moderation/shares?case={slug}" in page
    assert "Take all of it away" not in page
    assert "Day" in staff(may="edit_cases").get(f"/au/moderation/shares?case={slug}&days=7").text
    assert staff(may="view_queue").get("/au/moderation/shares").status_code == 403
    taken = desk.run("w4r", "export", "shares", "--format", "csv", "--out", "-").stdout.splitlines()
    assert taken[0] == "case,edition,day,source,variant,kind,count"
    assert {line.split(",", 3)[3] for line in taken[1:] if "visit" in line} == {"x,2,visit,2", "bluesky,0,visit,1"}
