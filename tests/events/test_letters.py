"""The mails about events: what they say, in which language, with which links, and when they stay unsaid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from flask_w4r.cli.jobs import tools_for
from flask_w4r.models import Event, Rsvp, Token
from flask_w4r.services.hosting import letters as host_letters
from flask_w4r.services.hosting import mail as host_mail
from flask_w4r.services.mail.send import run_due
from flask_w4r.services.rsvps import letters as rsvp_letters
from flask_w4r.services.rsvps import mail as rsvp_mail
from flask_w4r.services.storage.unit_of_work import read
from tests.conftest import every_database
from tests.events.letter_world import GUEST_KINDS, STATES, World, entries, html, plain
from tests.events.letter_world import world as world

ALL = [*GUEST_KINDS, *host_mail.KINDS]


def test_every_kind_is_tried_here() -> None:
    assert set(ALL) == {kind.name for kind in (*rsvp_letters.MAILS, *host_letters.MAILS)}
    assert set(GUEST_KINDS) == set(rsvp_mail.KINDS)


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("kind", ALL)
def test_a_mail_says_the_same_in_both_its_parts(world: World, kind: str, locale: str) -> None:
    event = {"state": STATES.get(kind, "published"), "locale": locale}
    message = world.mail(kind, event=event, locale=locale, **GUEST_KINDS.get(kind, {}))
    text, page = plain(message), html(message)
    assert f'dir="{"rtl" if locale == "ar" else "ltr"}"' in page
    links = world.host.mailer.links()
    one = [link for link in links if "/rsvp/" in link or "/host/" in link]
    assert len(one) <= 1
    assert all(link in page for link in links)
    assert ("Letters in Newtown" in text) == ("Letters in Newtown" in page) == (kind != "event_confirm")
    # What a stranger may have typed in somebody's name is in no mail, nor who hosts.
    for typed in ("Gus Guest", "Sam Host", "sam.host@"):
        assert typed not in text + page + str(message["Subject"])
    assert "\n\n\n" not in text
    assert "None" not in text + page


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ("rsvp_cancelled", "rsvp_expired")])
def test_a_mail_about_a_withdrawn_or_unpublished_event_stays_unsaid(world: World, kind: str) -> None:
    assert world.mail(kind, event={"state": "rejected" if kind != "event_rejected" else "submitted"},
                      **GUEST_KINDS.get(kind, {})) is None  # fmt: skip


@pytest.mark.parametrize("kind", ["rsvp_confirm", "rsvp_going", "rsvp_waitlisted", "rsvp_offer", "rsvp_changed"])
def test_what_is_no_longer_so_stays_unsaid(world: World, kind: str) -> None:
    numbers = world.add(**GUEST_KINDS[kind])
    world.write(kind, *numbers)
    world.change(Rsvp, numbers[1], version=2)
    assert world.send() == []


def test_an_offer_that_ended_is_not_sent(world: World) -> None:
    assert world.mail("rsvp_offer", state="offered", due_at=datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_host_that_was_replaced_is_not_written_to(world: World) -> None:
    numbers = world.add()
    world.write("event_approved", *numbers)
    world.change(Event, numbers[0], host_version=2)
    assert world.send() == []


def test_a_mail_handed_over_again_has_the_same_links(world: World) -> None:
    numbers = world.add()
    world.write("rsvp_going", *numbers)
    seen: list[str] = []

    def fail(message: EmailMessage) -> None:
        seen.append(plain(message))
        raise ConnectionError("away")

    app = world.host.app
    for later in (0, 7200):
        moment = world.state.clock() + timedelta(seconds=later)
        with app.app_context():
            run_due(app, render=tools_for(app).render, mailer=fail, now=moment)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert read(app, lambda s: len(s.scalars(select(Token.id)).all())) == 1


def test_links_hold_until_a_while_after_the_event(world: World) -> None:
    numbers = world.add()
    world.write("rsvp_going", *numbers)
    world.write("event_approved", *numbers)
    world.send()
    ends = read(world.host.app, lambda s: s.get_one(Event, numbers[0]).ends_at)
    found = read(world.host.app, lambda s: dict(s.execute(select(Token.purpose, Token.expires_at)).all()))
    assert {purpose: (until - ends).days for purpose, until in found.items()} == {"rsvp": 7, "host": 30}


def test_times_are_the_events_own_in_the_readers_language(world: World) -> None:
    message = world.mail(
        "rsvp_reminder", locale="fr",
        event={"time_zone": "Australia/Lord_Howe", "starts_local": datetime(2099, 12, 5, 14),
               "ends_local": datetime(2099, 12, 5, 16)},
    )  # fmt: skip
    words = "samedi 5 décembre 2099, 14:00 – 16:00 (heure d’été de Lord Howe)"
    assert words in plain(message)
    assert words in html(message)


def test_the_hosts_words_come_as_they_were_and_harmless(world: World) -> None:
    message = world.mail("event_message", text="Bring tea.\n<script>alert(1)</script>")
    assert "Bring tea.\n<script>alert(1)</script>" in plain(message)
    assert "&lt;script&gt;" in html(message)
    assert "<script>" not in html(message)


@every_database
def test_prepared_and_sent_on_every_database(world: World) -> None:
    message = world.mail("rsvp_going")
    assert "/au/rsvp/" in plain(message)
    assert len(entries(message)) == 1
