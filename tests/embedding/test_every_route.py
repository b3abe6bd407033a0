"""Every route of ours, from the URL map, so that none can be forgotten: a GET changes nothing, a POST needs its token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from flask_w4r import W4R, Actor, models
from flask_w4r.keyring import hash_token
from flask_w4r.services.mail.proving import PURPOSE as PROVE
from flask_w4r.services.mail.unsubscribing import PURPOSE as UNSUBSCRIBE
from flask_w4r.services.messages.written import email_scope
from flask_w4r.services.moderation import rule_list
from flask_w4r.services.people import tokens as token_service
from flask_w4r.services.petitions import invalidation
from flask_w4r.services.petitions.invalidation import Conditions
from flask_w4r.services.privacy.letters import PURPOSE as MY_DATA
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host
from tests.embedding.conftest import MA, MakeSite
from tests.events.rows import add_event, add_rsvp
from tests.petitions.helpers import session_token

ACTED = {
    "status": "withdrawn",
    "sure": "y",
    "own-title": "Mine",
    "resend": "1",
    "cases": "ann-example",
    "decision": "approve",
    "items": "signature:1",
    "address": "sam1@example.org",
    "why": "complaint",
    **supporter(3),
}
#: Answers of a POST that was not let through.
REFUSED = {400, 403, 404, 409, 410, 422}


@pytest.fixture
def host(make_site: MakeSite) -> Host:
    return full_site(make_site)


def full_site(make_site: MakeSite, **options: Any) -> Host:
    """A site that has one of everything, so that each of its pages is there."""
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    made = make_site(section={**MA, "class_mode": "names"}, w4r=w4r, **options)
    made.mailer = mailer
    make_campaign(made.app)
    sign(made.app.test_client(), "/ma", "ann-example")
    run_jobs(made.app)
    made_target(made)
    made_invalidation(made)
    made_rule(made)
    made_event(made)
    made.guest_token = made_guest(made)
    made.host_tokens = made_host(made)
    made.data_token = made_link(made, MY_DATA, "sam1@example.org")
    made_delivery(made)
    made_signed(made)
    made.message_token = made_message(made)
    made.school_token = made_school(made)
    made.proof_token = made_link(made, PROVE, "sam1@example.org")
    made.mail_token = made_link(made, UNSUBSCRIBE, "00" * 32)
    made.email_token = made_email(made)
    return made


def made_target(host: Host) -> None:
    """Somebody to write to, so that there are letters and emails."""

    def work(uow: UnitOfWork) -> None:
        for case in uow.session.scalars(select(models.Case)):
            case.target = {"title": "Minister of Justice", "email": "minister@gov.example"}

    run(host.app, work)


def made_event(host: Host) -> None:
    """An event of the same name as the case, so that its pages are there."""
    state = get_state(host.app)
    section, now = state.sections["MA"], state.clock()
    run(host.app, lambda work: add_event(work.session, state.keyring, section, now=now, slug="ann-example"))


def made_guest(host: Host) -> str:
    """Somebody who comes to the event, and the token of their link."""
    state = get_state(host.app)
    section, now = state.sections["MA"], state.clock()

    def work(uow: UnitOfWork) -> str:
        event = uow.session.scalars(select(models.Event)).one()
        row = add_rsvp(uow.session, state.keyring, section, event, now=now)
        return token_service.issue(uow.session, "MA", "rsvp", [row.id], now=now, days=9)

    return run(host.app, work)


def made_host(host: Host) -> dict[str, str]:
    """The tokens of the links of the event's host, by the endpoints that take them."""
    now = get_state(host.app).clock()

    def work(uow: UnitOfWork) -> dict[str, str]:
        kinds = {"host_enter": "host", "host_full_list": "host_list"}
        event = uow.session.scalars(select(models.Event)).one()
        return {
            name: token_service.issue(uow.session, "MA", kind, [event.id, event.host_version], now=now, days=9)
            for name, kind in kinds.items()
        }

    return run(host.app, work)


def made_email(host: Host) -> str:
    """Somebody's email to those in power, and the token of the link that confirms it."""
    state = get_state(host.app)
    now, seal = state.clock(), state.keyring.seal_json

    def work(uow: UnitOfWork) -> str:
        case = uow.session.scalars(select(models.Case).where(models.Case.section == "MA")).first()
        assert case is not None
        row = models.TargetEmail(
            section="MA", case_id=case.id, target_key="0" * 32, state="pending", version=1, locale="ar", text_locale="en",
            person=seal({"first_name": "Sam", "email": "sam1@example.org"}), reasons=[], score=0,
            words=seal({"subject": "Free her", "body": "Please.", "target": "Minister"}), created_at=now, updated_at=now,
        )  # fmt: skip
        uow.session.add(row)
        uow.session.flush()
        return token_service.issue(uow.session, "MA", "email_confirm", [[row.id, 1]], now=now, days=9)

    return run(host.app, work)


DELIVERY = "d" * 12


def made_delivery(host: Host) -> None:
    """What was handed over of the case, so that its pages are there."""
    now = get_state(host.app).clock()

    def work(uow: UnitOfWork) -> None:
        case = uow.session.scalars(select(models.Case).where(models.Case.section == "MA")).first()
        assert case is not None
        uow.session.add(
            models.Delivery(
                public_id=DELIVERY, section="MA", case_id=case.id, recipients=["The embassy"], fields=["name"],
                state="handed_over", outcome="met", countries={}, digest="0" * 64, root="0" * 64, frozen_at=now,
                prepared_at=now, prepared_by="7", handed_over_on=now.date(), handed_over_at=now, receipts_due=False,
            )
        )  # fmt: skip

    run(host.app, work)


def made_message(host: Host) -> str:
    """Somebody wrote to the person of the case; the token of their link."""
    now = get_state(host.app).clock()

    def work(uow: UnitOfWork) -> str:
        cases = uow.session.scalars(select(models.Case).where(models.Case.section == "MA")).all()
        for case in cases:
            case.solidarity = {"route": "section"}
        keyring = uow.state.keyring
        row = models.Message(
            section="MA", case_id=cases[0].id, state="pending", version=1, locale="ar", reasons=[],
            email_index=keyring.blind(email_scope("MA", cases[0].id), "sam1@example.org"), words=keyring.seal("Hello"),
            person=keyring.seal_json({"country": "MA", "email": "sam1@example.org"}), created_at=now, updated_at=now,
        )  # fmt: skip
        uow.session.add(row)
        uow.session.flush()
        return token_service.issue(uow.session, "MA", "message_confirm", [[row.id, 1]], now=now, days=9)

    return run(host.app, work)


def made_signed(host: Host) -> None:
    """What the section and the centre signed, so that programs can have it; and news of the centre that wait."""
    now = get_state(host.app).clock()

    def work(uow: UnitOfWork) -> None:
        for kind in ("tally", "feed"):
            signed = {"section": "MA", "kind": kind, "sequence": 1, "signed_at": now, "document": "{}"}
            uow.session.add(models.SignedDocument(**signed))
        uow.session.add(
            models.FeedEntry(
                section="MA", name="one", edition="2026", slug="ann-example", change="demand", happened_on=now.date(),
                source="https://www.example.org/", brings={"texts": {"ar": {"demand": "x"}}, "target": {"name": "y"}},
                state="waiting", taken_at=now,
            )
        )  # fmt: skip

    run(host.app, work)


CLASS = "AAAA-BBBB-CCCC"


def made_school(host: Host) -> str:
    """A school that is in, with a class; the token of its teacher's link."""
    now = get_state(host.app).clock()

    def work(uow: UnitOfWork) -> str:
        edition = uow.session.scalars(select(models.Edition).where(models.Edition.section == "MA")).first()
        assert edition is not None
        keyring, code = uow.state.keyring, CLASS.replace("-", "")
        row = models.School(
            section="MA", edition_id=edition.id, state="approved", name="Hill School", town="Rabat", country="MA",
            size=30, cases=[], locale="ar", person=keyring.seal_json({"name": "Tess", "email": "tess@example.org"}),
            reasons=[], created_at=now, updated_at=now,
        )  # fmt: skip
        uow.session.add(row)
        uow.session.flush()
        uow.session.add(
            models.SchoolClass(
                section="MA", school_id=row.id, secret=keyring.seal_json({"label": "7b", "code": code}), size=30, counts={},
                code_index=keyring.blind("class|MA", code), created_at=now, updated_at=now,
            )
        )  # fmt: skip
        return token_service.issue(uow.session, "MA", "school", [row.id, 1], now=now, days=9)

    return run(host.app, work)


def made_link(host: Host, purpose: str, whose: str) -> str:
    """The token of a link that stands for an address."""
    now = get_state(host.app).clock()
    return run(host.app, lambda work: token_service.issue(work.session, "MA", purpose, [whose], now=now, days=9))


def as_host(client: Any) -> Any:
    """A client whose session is that of the event's host."""
    with client.session_transaction() as session:
        session["w4r_host"] = {"section": "MA", "event": 1, "version": 1, "until": 9e9}
        session["w4r_school"] = {"section": "MA", "school": 1, "version": 1, "until": 9e9}
    return client


def made_rule(host: Host) -> None:
    """A rule, so that the desk has one to delete."""
    state = get_state(host.app)

    def work(uow: UnitOfWork) -> None:
        rule_list.add_rule(
            uow.session, state.keyring, state.hooks, Actor("7", "Mo"), state.sections["MA"], effect="block",
            kind="domain", value="bad.example", now=state.clock(),
        )  # fmt: skip

    run(host.app, work)


def made_invalidation(host: Host) -> None:
    """A draft, so that the desk has an invalidation to show."""
    state = get_state(host.app)
    section, hooks, now = state.sections["MA"], state.hooks, state.clock()
    given = Conditions(case="ann-example")

    def work(uow: UnitOfWork) -> None:
        invalidation.propose(
            uow.session, state.keyring, section, given, now=now, hooks=hooks, actor=Actor("7", "Mo"), reason="x",
            start=False,
        )  # fmt: skip

    run(host.app, work)


def contents(host: Host) -> dict[str, list[Any]]:
    """Everything in our tables but the hours' counts: that a form was opened is counted, without persons."""
    with host.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table.name}")).all()))
            for table in models.metadata.sorted_tables
            if table.name != "w4r_pulse"
        }


def tokens(host: Host) -> dict[str, str]:
    mailed = {
        kind: host.mailer.links(f"/{path}/")[0].rpartition("/")[2]
        for kind, path in (("confirm", "confirm"), ("not_me", "not-me"))
    }
    own = dict.fromkeys(("rsvp_manage", "rsvp_calendar"), host.guest_token)
    own |= dict.fromkeys(("my_data_enter", "my_data_json"), host.data_token)
    return {
        **mailed, **own, **host.host_tokens, "unsubscribe": host.mail_token, "message_confirm": host.message_token,
        "school_enter": host.school_token, "prove": host.proof_token,
        "email_confirm": host.email_token,
    }  # fmt: skip


def routes(host: Host, method: str) -> Iterator[tuple[str, str]]:
    """Endpoint and path of each of our routes that takes a method, with values that are real."""
    links = tokens(host)
    adapter = host.app.url_map.bind("localhost")
    for rule in host.app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        if blueprint != "w4r_ma" or method not in (rule.methods or set()):
            continue
        real = {"slug": "ann-example", "year": "2026", "width": 400, "token": links.get(name), "w4r_locale": "fr",
                "shape": "wide", "rule": 1, "batch": 1, "event": 1, "id": DELIVERY, "name": "names.csv", "act": "undo", "unknown": "nowhere", "number": 1,
                "stamp": "a" * 16, "code": CLASS}  # fmt: skip
        unknown = rule.arguments - set(real)
        assert not unknown, f"give {name} a value for {unknown}"
        values = {key: real[key] for key in rule.arguments}
        assert None not in values.values(), f"give {name} a token"
        yield name, adapter.build(rule.endpoint, values)


def test_the_walk_meets_them_all(host: Host) -> None:
    posts, gets = {name for name, _ in routes(host, "POST")}, {name for name, _ in routes(host, "GET")}
    assert {"sign", "sign_all", "confirm", "not_me", "moderation_status"} <= posts
    assert {"campaign", "case", "sign_token", "tally", "healthz", "moderation"} <= gets
    assert len(tokens(host)["confirm"]) > 20
    assert hash_token(tokens(host)["confirm"])


def test_every_post_needs_its_token(host: Host) -> None:
    before = contents(host)
    for name, path in guarded(host):
        for data in ({}, ACTED, {**ACTED, "csrf_token": "x", "form_token": "x"}):
            client = as_host(host.app.test_client())
            session_token(client)  # As a victim of another site has one.
            answer = client.post(path, data=data, headers={"Origin": "https://evil.example"})
            assert answer.status_code in REFUSED, f"{name} answered {answer.status_code}"
            assert "no-store" in answer.headers["Cache-Control"]
    assert contents(host) == before


def guarded(host: Host) -> Iterator[tuple[str, str]]:
    """The routes that take a press from a page of ours alone. A mail program ends a kind of mail by itself (RFC 8058):
    the secret of its address is all that it has."""
    return ((name, path) for name, path in routes(host, "POST") if name != "unsubscribe")


def test_tokens_of_another_form_do_not_pass(host: Host) -> None:
    """A token that anybody can fetch opens the form it was made for and no other."""
    before = contents(host)
    for name, path in guarded(host):
        if name == "sign_all":
            continue
        client = as_host(host.app.test_client())
        session_token(client)
        fetched = client.get("/ma/sign/token").get_json()
        data = {**ACTED, "csrf_token": fetched["csrf_token"], "form_token": fetched["form_token"]}
        assert client.post(path, data=data).status_code in REFUSED, name
    assert contents(host) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_get_changes_anything(host: Host, method: str) -> None:
    before = contents(host)
    seen = {}
    for name, path in routes(host, "GET"):
        client = host.app.test_client() if not name.startswith(("host", "school")) else as_host(host.app.test_client())
        for _ in range(2):
            query = "&".join(f"{key}={value}" for key, value in ACTED.items())
            answer = client.open(f"{path}?{query}", method=method, buffered=True)
            seen[name] = answer.status_code
            assert answer.status_code in (
                {404} if name in ("photo", "impact", "missing", "my_data_file", "my_data_json") else set()
            ) | {200}, (
                name,
                answer.status_code,
            )
    assert contents(host) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_not_taken(host: Host, method: str) -> None:
    client = host.app.test_client()
    for name, path in routes(host, "GET"):
        assert client.open(path, method=method).status_code == 405, name


def test_a_token_is_for_this_origin_only(host: Host) -> None:
    client = host.app.test_client()
    for path in ("/ma/sign/token", "/ma/cases/ann-example/sign/token"):
        for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200
            assert set(answer.get_json()) == {"csrf_token", "form_token", "captcha"}
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "Access-Control-Allow-Origin" not in answer.headers
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ):
            assert client.get(path, headers=headers).status_code == 403
    assert client.get("/ma/cases/nobody/sign/token").status_code == 404


def test_the_shape_of_the_counts(host: Host) -> None:
    client = host.app.test_client()
    one = client.get("/ma/cases/ann-example/tally.json")
    assert one.mimetype == "application/json"
    shape = one.get_json()
    stamp = shape.pop("as_of")
    assert shape.pop("rows") == []
    assert shape == {"case": "ann-example", "actions": {}, "total": 0, "people": 0, "goal": 1000}
    assert stamp.endswith("Z")
    whole = client.get("/ma/tally.json").get_json()
    assert set(whole) == {"edition", "cases", "actions", "total", "people", "rows", "as_of"}
    assert whole["edition"] == "2026"
    assert whole["cases"] == [shape]
