"""A proved mailbox stays proved, for two hours, in the browser that proved it: what it signs counts without another mail."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from flask_w4r.testing import form_fields, run_jobs, sign, supporter
from tests.conftest import Host, every_database
from tests.mail.world import MovingClock

from .test_ten_cases import PREFIX, SLUGS, counts, link_of
from .test_ten_cases import clock as clock
from .test_ten_cases import site as site

COOKIE = "w4r_mailbox_au"


def prove(site: Host, client: FlaskClient, slug: str = SLUGS[0], **typed: Any) -> Any:
    """Sign one case, open its mail, press: the page that confirmed."""
    assert sign(client, PREFIX, slug, **{**supporter(1), **typed}).status_code == 303
    run_jobs(site.app)
    link = link_of(site.mailer.messages[-1])
    _, fields = form_fields(client.get(link), "form_token")
    page = client.post(link, data=fields)
    assert page.status_code == 200 and "Your signature is confirmed" in page.text
    return page


def offered(page: Any) -> dict[str, list[str]]:
    """The hidden fields of the form for the other cases."""
    (form,) = re.findall(r"<form[^>]*action=\"/au/sign\".*?</form>", page.text, re.DOTALL)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


def ticked(page: Any) -> list[str]:
    return re.findall(r'name="cases"\s+value="([\w-]+)"', page.text)


@every_database
def test_ten_cases_are_one_mail_and_two_presses(site: Host, clock: MovingClock) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    assert ticked(page) == SLUGS[1:] and "checked" not in page.text
    assert supporter(1)["email"] not in page.text and supporter(1)["last_name"] not in page.text
    some = client.post(f"{PREFIX}/sign", data={**offered(page), "cases": SLUGS[1:4], "consent": "y"})
    assert some.status_code == 200 and "Your signature is confirmed" in some.text
    assert ticked(some) == SLUGS[4:]
    rest = client.post(f"{PREFIX}/sign", data={**offered(some), "cases": SLUGS[4:], "consent": "y"})
    assert rest.status_code == 200 and ticked(rest) == []
    run_jobs(site.app)
    clock.move(seconds=10)
    assert counts(site) == (10, 1)
    assert len(site.mailer.messages) == 1
    rows = site.rows("SELECT state, held_at FROM w4r_signature")
    assert {(row.state, row.held_at) for row in rows} == {("confirmed", None)}
    assert site.rows("SELECT count(*) FROM w4r_consent")[0][0] == 10
    site.run("w4r", "tally", "recount")


def test_the_cookie_names_nobody_and_only_our_pages_see_it(site: Host) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    (cookie,) = [line for line in page.headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/au" in cookie and "Max-Age=7200" in cookie
    assert supporter(1)["email"] not in cookie
    assert "no-store" in page.headers["Cache-Control"]
    for path in ("", "/cases/case-1", "/events", "/cases/case-1/counted"):
        assert "Set-Cookie" not in client.get(f"{PREFIX}{path}/" if not path else f"{PREFIX}{path}").headers


def test_the_ordinary_form_counts_at_once_and_says_so(site: Host, clock: MovingClock) -> None:
    client = site.app.test_client()
    prove(site, client)
    answer = sign(client, PREFIX, "case-5", **supporter(1))
    assert answer.location.endswith("/cases/case-5/counted")
    assert "we will send you an email" not in client.get(answer.location).text
    run_jobs(site.app)
    assert len(site.mailer.messages) == 1
    clock.move(seconds=10)
    assert counts(site) == (2, 1)


def test_what_waited_already_is_confirmed_by_signing_it_again(site: Host, clock: MovingClock) -> None:
    sign(site.app.test_client(), PREFIX, "case-1", **supporter(1))
    client = site.app.test_client()
    prove(site, client, "case-0")
    sign(client, PREFIX, "case-1", **supporter(1))
    clock.move(seconds=10)
    assert counts(site) == (2, 1)


@every_database
def test_another_address_or_browser_waits_for_its_mail(site: Host, clock: MovingClock) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    assert sign(client, PREFIX, "case-1", **supporter(2)).location.endswith("/thanks")
    stranger = site.app.test_client()
    assert sign(stranger, PREFIX, "case-2", **supporter(1)).location.endswith("/thanks")
    # Who has the link alone, from somebody's history say, signs nothing with it.
    _, fields = form_fields(stranger.get(f"{PREFIX}/sign"), "form_token")
    stolen = {**fields, "link": offered(page)["link"], "cases": ["case-3"], "consent": "y"}
    answer = stranger.post(
        f"{PREFIX}/sign", data={key: stolen[key] for key in ("form_token", "link", "cases", "consent")}
    )
    assert answer.status_code == 422 and supporter(1)["email"] not in answer.text
    clock.move(seconds=10)
    assert counts(site) == (1, 1)


def test_an_address_that_looks_like_a_slip_was_proved_and_is_not_asked_about(site: Host) -> None:
    client = site.app.test_client()
    page = prove(site, client, email="sam@gmial.com", asked="gmial.com")
    answer = client.post(f"{PREFIX}/sign", data={**offered(page), "cases": ["case-1"], "consent": "y"})
    assert answer.status_code == 200 and "Your signature is confirmed" in answer.text


def test_it_ends_after_two_hours(site: Host, clock: MovingClock) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    clock.move(minutes=121)
    assert sign(client, PREFIX, "case-1", **supporter(1)).location.endswith("/thanks")
    late = client.post(f"{PREFIX}/sign", data={**offered(page), "cases": ["case-2"], "consent": "y"})
    assert late.status_code == 422
    assert {row.state for row in site.rows("SELECT state FROM w4r_signature")} == {"confirmed", "pending"}


def test_somebody_else_ends_it(site: Host) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    token = re.findall(r'name="form_token"[^>]*value="([^"]+)"', page.text)[-1]
    assert client.post(f"{PREFIX}/sign/somebody-else").status_code == 400
    answer = client.post(f"{PREFIX}/sign/somebody-else", data={"form_token": token})
    assert answer.status_code == 303
    assert sign(client, PREFIX, "case-1", **supporter(1)).location.endswith("/thanks")


def test_not_me_ends_it_and_nothing_counts_for_that_address(site: Host, clock: MovingClock) -> None:
    client = site.app.test_client()
    prove(site, client)
    owner = site.app.test_client()
    text = site.mailer.messages[-1].get_body(("plain",)).get_content()
    link = next(word for word in text.split() if "/not-me/" in word).replace("http://localhost", "")
    _, fields = form_fields(owner.get(link), "form_token")
    assert owner.post(link, data=fields).status_code == 200
    sign(client, PREFIX, "case-1", **supporter(1))
    clock.move(seconds=10)
    assert counts(site) == (0, 0)


def test_without_consent_or_without_a_case_it_comes_back_and_says_why(site: Host) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    for data in ({"cases": ["case-1", "case-2"]}, {"consent": "y"}):
        answer = client.post(f"{PREFIX}/sign", data={**offered(page), **data})
        assert answer.status_code == 422
        assert "Choose at least one person and tick the box to agree." in answer.text
        assert answer.text.count("checked") == len(data.get("cases", ()))
        assert supporter(1)["email"] not in answer.text
    assert len(site.rows("SELECT id FROM w4r_signature")) == 1


def test_a_case_that_closes_while_the_page_is_open(site: Host) -> None:
    client = site.app.test_client()
    page = prove(site, client)
    site.run("w4r", "case", "status", "case-1", "closed")
    answer = client.post(f"{PREFIX}/sign", data={**offered(page), "cases": ["case-1"], "consent": "y"})
    assert answer.status_code in (409, 422)
    assert len(site.rows("SELECT id FROM w4r_signature")) == 1


def test_thirty_pupils_behind_one_address(site: Host, clock: MovingClock) -> None:
    for number in range(30):
        client = site.app.test_client()
        page = prove(site, client, **supporter(number))
        answer = client.post(f"{PREFIX}/sign", data={**offered(page), "cases": SLUGS[1:], "consent": "y"})
        assert answer.status_code == 200, number
        clock.move(seconds=40)
    clock.move(seconds=10)
    total, people = counts(site)
    held = site.rows("SELECT count(*) FROM w4r_signature WHERE held_at IS NOT NULL")[0][0]
    assert (total + held, people, held) == (300, 30, 0)
    assert len(site.mailer.messages) == 30
