"""For an event: its sheets, its code, and its host's kit. For everybody: the paper signature list. For staff: what lacks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r import W4R, models
from flask_w4r.services.campaign import codes
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost
from tests.events.rows import add_event
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .world import ANN, BO, MINISTER, SECTION, TEXTS, change, pages_of, sizes_of, words_of


def event_of(host: Host, *slugs: str, **columns: Any) -> int:
    """An event that writes for some cases; its id."""
    state = get_state(host.app)
    section = next(iter(state.sections.values()))

    def work(uow: Any) -> int:
        ids = uow.session.scalars(select(models.Case.id).where(models.Case.slug.in_(slugs))).all()
        return add_event(uow.session, state.keyring, section, now=state.clock(), cases=tuple(ids), **columns).id

    return run(host.app, work)


def as_host(host: Host, event_id: int) -> Any:
    """A client whose session is that of the event's host."""
    client = host.app.test_client()
    with client.session_transaction() as session:
        session["w4r_host"] = {"section": "AU", "event": event_id, "version": 1, "until": 9e9}
    return client


def test_an_event_has_its_sheets_with_its_code(site: Host) -> None:
    event_id = event_of(site, BO)
    client, keyring = site.app.test_client(), get_state(site.app).keyring
    page = client.get("/au/events/letters").text
    link = re.search(r'href="(/au/letters\.pdf\?event=[^"]+)"', page)
    assert link is not None
    pdf = client.get(link[1])
    text = words_of(pdf.data)
    assert pdf.status_code == 200 and "Bo Example" in text and "Ann Example" not in text
    read = [codes.read(keyring, code) for code in re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)]
    assert [one and one.event_id for one in read] == [event_id]
    assert client.get("/au/letters.pdf?event=AAAA-AAAA-AAAA").status_code == 404
    assert client.get(f"/au/letters.pdf?event={codes.write(keyring, 1)}").status_code == 404
    assert client.get(f"/au/letters.pdf?event={codes.write(keyring, None, 999)}").status_code == 404


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_a_host_prints_a_kit(site: Host, size: str, points: tuple[int, int]) -> None:
    event_id = event_of(site, ANN, BO, state="submitted", published_at=None)
    client, keyring = as_host(site, event_id), get_state(site.app).keyring
    paper = client.get("/au/host").text.partition('id="w4r-host-paper"')[2].partition("</section>")[0]
    for path, said in (
        ("/au/host/kit.pdf", "a poster"), ("/au/letters.pdf?event=", "pages to write on alone"), ("/au/host/print", "on the tables"),
    ):  # fmt: skip
        assert paper.count(f'href="{path}') == 1 and said in paper, "each once, with what it is"
    answer = client.get(f"/au/host/kit.pdf?size={size}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert sizes_of(answer.data) == {points}
    text = words_of(answer.data)
    code = codes.write(keyring, None, event_id)
    for words in ("Letters in Newtown", "Who came", "What was written", "Write a letter.", "Write for Ann Example",
                  "Write for Bo Example", "19 Aitken Street", code):  # fmt: skip
        assert words in text, words
    # Four pages for the host, labels, and two for each case.
    assert pages_of(answer.data) == 4 + 1 + 4
    assert words_of(answer.data, 4).count("19 Aitken Street") == 14
    assert site.app.test_client().get("/au/host/kit.pdf").status_code == 403
    change(site.app, ANN, status="withdrawn")
    assert "Ann" not in words_of(client.get("/au/host/kit.pdf").data)


def test_a_kit_is_made_before_the_edition_opens(make_host: MakeHost) -> None:
    host = make_host(section={**SECTION, "window": {"starts_on": date(2099, 1, 1), "ends_on": date(2099, 2, 1)}})
    make_campaign(host.app, (ANN,))
    change(host.app, target=MINISTER)
    kit = as_host(host, event_of(host)).get("/au/host/kit.pdf")
    assert kit.status_code == 200 and "Write for Ann Example" in words_of(kit.data)


def test_a_signature_list_asks_for_what_is_handed_over_alone(make_host: MakeHost) -> None:
    section = {
        **SECTION,
        "fields": {"first_name": "required", "last_name": "required", "email": "required", "phone": "required"},
        "custom_fields": [{"name": "born", "label": {"en": "Year of birth"}}],
        "consents": {"petition": {"version": "9", "text": {"en": "We hand over your name and year."}, "hands_over": ["name", "born"]}},
        "privacy_url": "https://example.org/privacy",
    }  # fmt: skip
    host = make_host(section=section)
    make_campaign(host.app, (ANN,))
    change(host.app, texts=TEXTS, target=MINISTER)
    answer = host.app.test_client().get(f"/au/cases/{ANN}/petition.pdf")
    text = words_of(answer.data)
    for words in ("Sign for Ann Example", "Do right by Ann Example.", "Please do right.", "Kim Example, Minister of Justice",
                  "We hand over your name and year.", "https://example.org/privacy", "First name Last name Year of birth Signature"):  # fmt: skip
        assert words in text, words
    assert pages_of(answer.data) == 1
    for never in ("Email", "Phone", "Country", "Postcode"):
        assert never not in text
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert code is not None and codes.read(get_state(host.app).keyring, code[0]) is not None
    assert host.app.test_client().get(f"/au/cases/{ANN}/petition.pdf?size=letter").status_code == 200


def test_the_desk_sees_what_lacks_and_every_sheet(make_host: MakeHost) -> None:
    old = (date.today() - timedelta(days=400)).isoformat()
    hooks = {"actor_loader": load_actor, "permission_check": check_permission}
    host = make_host(w4r=W4R(**hooks), section={**SECTION, "embassy_addresses": {}})
    make_campaign(host.app, (ANN, BO))
    change(host.app, ANN, texts=TEXTS, target={**MINISTER, "verified_on": old}, targets=[{"title": "Governor"}])
    change(host.app, BO, ways=["petition"])
    desk = Staff(host.app.test_client(), "mo", ALL, None)
    page = " ".join(re.sub("<[^>]*>", " ", desk.get("/au/moderation/letters").text).split())
    for words in ("The address of Kim Example was last checked on", "No postal address of Governor", "No address of the embassy",
                  "日本語: No texts in this language.", "not open for this case"):  # fmt: skip
        assert words in page, words
    answer = desk.get(f"/au/moderation/letters/2026/{ANN}.pdf?locale=en")
    assert answer.status_code == 200 and "Kim Example" in words_of(answer.data)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert desk.get(f"/au/moderation/letters/2026/{ANN}.pdf?locale=xx").status_code == 404
    assert host.app.test_client().get("/au/moderation/letters").status_code in (302, 401, 403)
