"""Every URL of the desk, from the URL map: who may not is denied, in the view and again in the service, and changes nothing.

A view that is missing in ``NEEDED`` fails the first test: nothing of the desk can be added without saying who may.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from flask_w4r import W4R, blueprints, models
from flask_w4r.models import Batch, BatchRow, FeedEntry, Rule, Signature
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import Permission, get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_events, make_signatures
from flask_w4r.web.desk import actor_here
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import session_token

from .conftest import ALL, check_permission, load_actor

QUEUE, DECIDE, INVALIDATE = Permission.VIEW_QUEUE, Permission.DECIDE, Permission.INVALIDATE
EVENTS, DELIVER, ERASE = Permission.MANAGE_EVENTS, Permission.DELIVER, Permission.ERASE
CASES, FIND, LOG = Permission.EDIT_CASES, Permission.FIND_PERSON, Permission.READ_AUDIT

#: What each view needs: every one of these permissions.
NEEDED: dict[tuple[str, str], tuple[Permission, ...]] = {
    ("moderation", "GET"): (QUEUE,),
    ("moderation_queue", "GET"): (QUEUE,),
    ("moderation_decisions", "POST"): (DECIDE,),
    ("moderation_decision_undo", "POST"): (DECIDE,),
    ("moderation_retention", "GET"): (ERASE,),
    ("moderation_find", "GET"): (FIND,),
    ("moderation_find", "POST"): (FIND,),
    ("moderation_rules", "GET"): (DECIDE,),
    ("moderation_rules", "POST"): (DECIDE,),
    ("moderation_rule_delete", "POST"): (DECIDE,),
    ("moderation_limits", "POST"): (DECIDE,),
    ("moderation_lockdown", "POST"): (DECIDE,),
    ("moderation_batches", "GET"): (INVALIDATE,),
    ("moderation_batch_new", "GET"): (INVALIDATE,),
    ("moderation_batch_new", "POST"): (INVALIDATE,),
    ("moderation_batch", "GET"): (INVALIDATE,),
    ("moderation_batch_act", "POST"): (INVALIDATE,),
    ("moderation_cases", "GET"): (CASES,),
    ("moderation_case", "GET"): (CASES,),
    ("moderation_status", "POST"): (CASES,),
    ("moderation_texts", "GET"): (CASES,),
    ("moderation_texts", "POST"): (CASES,),
    ("moderation_preview", "GET"): (CASES,),
    ("moderation_preview_case", "GET"): (CASES,),
    ("moderation_events", "GET"): (EVENTS,),
    ("moderation_event", "GET"): (EVENTS,),
    ("moderation_event_ask", "POST"): (EVENTS,),
    ("moderation_event_host", "POST"): (EVENTS,),
    ("moderation_event_hide", "POST"): (EVENTS,),
    ("moderation_event_guest", "POST"): (EVENTS,),
    ("moderation_deliveries", "GET"): (DELIVER,),
    ("moderation_deliveries", "POST"): (DELIVER,),
    ("moderation_delivery", "GET"): (DELIVER,),
    ("moderation_delivery_act", "POST"): (DELIVER,),
    ("moderation_delivery_file", "POST"): (DELIVER,),
    ("moderation_messages", "GET"): (QUEUE,),
    ("moderation_messages_case", "GET"): (QUEUE,),
    ("moderation_messages_act", "POST"): (QUEUE,),
    ("moderation_emails", "GET"): (DELIVER,),
    ("moderation_emails_act", "POST"): (DELIVER,),
    ("moderation_good_news", "GET"): (CASES,),
    ("moderation_good_news_send", "POST"): (CASES,),
    ("moderation_ready", "GET"): (CASES,),
    ("moderation_letters", "GET"): (CASES,),
    ("moderation_letter", "GET"): (CASES,),
    ("moderation_shares", "GET"): (CASES,),
    ("moderation_share", "GET"): (CASES,),
    ("moderation_share_image", "GET"): (CASES,),
    ("moderation_feed", "GET"): (CASES,),
    ("moderation_feed_decide", "POST"): (CASES,),
    ("moderation_numbers", "GET"): (QUEUE,),
    ("moderation_numbers_csv", "GET"): (QUEUE,),
    ("moderation_numbers_pdf", "GET"): (QUEUE,),
    ("moderation_schools", "GET"): (DECIDE,),
    ("moderation_schools", "POST"): (DECIDE,),
    ("moderation_counts", "GET"): (DECIDE,),
    ("moderation_counts", "POST"): (DECIDE,),
    ("moderation_audit", "GET"): (LOG,),
    ("moderation_exports", "GET"): (Permission.EXPORT,),
    ("moderation_exports", "POST"): (Permission.EXPORT,),
    ("moderation_audit_export", "GET"): (LOG, Permission.EXPORT),
}
#: Typed into every form: enough for each view to come to its change.
TYPED = {
    "status": "closed", "decision": "approve", "reason": "complaint", "why": "complaint", "email": "made-up-1@example.org",
    "address": "made-up-1@example.org", "effect": "block", "kind": "domain", "value": "spam.example", "note": "n",
    "level": "closed", "case": "ann-example", "name": "hold_host", "limit": "5/minute", "sure": "y", "act": "propose",
    "question": "Which door?", "verified": "y", "guest": "1", "only_held": "y", "title": "Another title", "base": "",
}  # fmt: skip
#: Where a form asks for something else under one of those names.
OWN_TYPED = {
    "/batches/new": {"act": "preview", "reason": "", "email": "", "name": "", "kind": ""},
    "/deliveries": {"recipients": "Embassy of Example"},
    "/counts": {"act": "file", "text": "case,type,count\nann-example,letter,3\n", "sure": "y"},
    "/feed/1": {"act": "dismiss"},
    "/emails/act": {"act": "reply", "reply_case": "1", "reply_count": "1", "reply_on": "2026-01-01"},
    "/act": {"act": "make"},
}


class Site:
    """A site of two sections, with one of everything in the Australian one that a URL may name."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        make_campaign(host.app)
        now = datetime.now(UTC)
        held = make_signatures(host.app, "ann-example", 3, section="AU", state="confirmed", held_at=now,
                               reasons=[{"check": "honeypot", "score": 0, "hold": True}])  # fmt: skip
        keyring = get_state(host.app).keyring

        def work(uow: UnitOfWork) -> tuple[int, int, int, int]:
            row = uow.session.scalars(select(Signature).where(Signature.id == held[2])).one()
            batches = []
            for kind, state, act in (("decision", "done", "reject"), ("invalidation", "draft", "invalidate")):
                batch = Batch(
                    section="AU", kind=kind, state=state, act=act, actor_id="mo", created_at=now, expected=1,
                    applied=1, last_id=held[2], conditions=keyring.seal_json({"case": "ann-example"}),
                )  # fmt: skip
                uow.session.add(batch)
                uow.session.flush()
                batches.append(batch.id)
            former = {"state": "confirmed", "held_at": now.isoformat(), "released_at": None,
                      "updated_at": row.updated_at.isoformat()}  # fmt: skip
            uow.session.add(BatchRow(batch_id=batches[0], kind="signature", item_id=held[2], state="applied",
                                     former=former, left_at=now, left_version=row.version))  # fmt: skip
            row.state, row.held_at, row.updated_at = "invalid", None, now
            rule = Rule(
                section="AU", effect="block", kind="domain", value=keyring.seal("*.example"), actor_id="mo",
                value_index=keyring.blind("test", "*.example"), created_at=now,
            )  # fmt: skip
            news = FeedEntry(
                id=1, section="AU", name="news-1", edition="2025", slug="ann-example", change="demand",
                happened_on=now.date(), source="https://centre.example/news", brings={"texts": {}, "target": {}},
                state="waiting", taken_at=now,
            )  # fmt: skip
            uow.session.add_all([rule, news])
            uow.session.flush()
            return batches[0], batches[1], rule.id, news.id

        decision, invalidation, rule, news = run(host.app, work)
        # One that waits, so that there is something to decide and to ask, and one that is public, to be hidden.
        waits = make_events(host.app, 1, section="AU", slug="waits", uid="waits", state="submitted", held_at=now)[0]
        public = make_events(host.app, 1, section="AU", slug="public", uid="public")[0]
        self.events = {"moderation_event_ask": waits, "moderation_event": waits}
        items = [*(f"signature:{number}" for number in held[:2]), f"event:{waits}"]
        # One delivery, and what is still to be delivered.
        counted = {"section": "AU", "state": "confirmed"}
        make_signatures(host.app, "ann-example", 1, email=lambda number: f"given-{number}@example.org", **counted)
        with host.app.app_context():
            to = ["--to", "Embassy of Example", "--section", "AU", "--no-pdf", "--json"]
            said = host.run("w4r", "deliver", "prepare", "ann-example", *to, "--out", str(folder))
        make_signatures(host.app, "ann-example", 1, email=lambda number: f"next-{number}@example.org", **counted)
        cases = host.rows("SELECT id FROM w4r_case WHERE section = 'AU' AND slug = 'ann-example'")
        self.typed: dict[str, Any] = {**TYPED, "items": items, "cases": str(cases[0][0])}
        self.values = {
            "event": public,
            "slug": "ann-example",
            "year": "2026",
            "rule": rule,
            "id": json.loads(said.stdout)["id"],
            "name": "names.csv",
            "shape": "square",
            "number": news,
            "act": "start",
            "w4r_locale": "fr",
        }
        self.batches = {"moderation_decision_undo": decision}
        self.invalidation = invalidation

    def urls(self, mount: str = "w4r_au") -> Iterator[tuple[str, str, str, set[str]]]:
        """Endpoint, method, path and arguments of every rule below ``/moderation``, in every language."""
        adapter = self.host.app.url_map.bind("localhost")
        for rule in self.host.app.url_map.iter_rules():
            blueprint, _, name = rule.endpoint.rpartition(".")
            if blueprint != mount or "/moderation" not in rule.rule:
                continue
            real = {**self.values, "batch": self.batches.get(name, self.invalidation)}
            real["event"] = self.events.get(name, real["event"])
            missing = rule.arguments - set(real)
            assert not missing, f"give {name} a value for {missing}"
            path = adapter.build(rule.endpoint, {key: real[key] for key in rule.arguments})
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield name, method, path, set(rule.arguments)

    def contents(self) -> dict[str, list[str]]:
        """Everything in our tables, but how many forms were opened: that is written some seconds later."""
        with self.host.engine.connect() as connection:
            return {
                table.name: sorted(
                    repr(row)
                    for row in connection.execute(text(f"SELECT * FROM {table.name}"))
                    if getattr(row, "metric", "") != "opened"
                )
                for table in models.metadata.sorted_tables
            }

    def ask(self, method: str, path: str, headers: dict[str, str]) -> Any:
        """Ask with a valid token of this very session, so that nothing but the permission stands in the way."""
        client: FlaskClient = self.host.app.test_client()
        if method == "GET":
            return client.get(path, headers=headers)
        token = session_token(client)
        own = next((typed for end, typed in OWN_TYPED.items() if path.endswith(end) and "/moderation/" in path), {})
        typed = {**self.typed, **own}
        return client.post(path, data={**typed, "csrf_token": token}, headers=headers)


@pytest.fixture
def site(make_host: MakeHost, tmp_path: Path) -> Site:
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    sections = [{"preset": "AU", "url_prefix": "/au", "locales": ["en", "fr"]}, {"preset": "MA", "url_prefix": "/ma"}]
    return Site(make_host(w4r=w4r, sections=sections), tmp_path / "delivery")


def without(*lacking: Permission) -> str:
    return ",".join(permission for permission in Permission if permission not in lacking)


def test_the_table_and_the_url_map_say_the_same(site: Site) -> None:
    for mount in ("w4r_au", "w4r_ma"):
        assert {(name, method) for name, method, _, _ in site.urls(mount)} == set(NEEDED)


def test_nothing_of_the_desk_stands_elsewhere(site: Site) -> None:
    """What ``NEEDED`` covers is the desk: no endpoint of it has a path outside ``/moderation``."""
    for rule in site.host.app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[2]
        if name.startswith("moderation"):
            assert "/moderation" in rule.rule, rule


STRANGERS = {
    "anonymous": {},
    # Signed in at the host, whose actor_loader does not know them as staff.
    "supporter": {"Cookie": "host_session=supporter-7", "X-May": ALL},
    "moderator of another section": {"X-Actor": "eve", "X-May": ALL, "X-Section": "MA"},
    "moderator without any right": {"X-Actor": "eve", "X-May": ""},
    "moderator without that right": {"X-Actor": "eve"},
}


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_not_is_denied_and_changes_nothing(site: Site, who: str) -> None:
    before = site.contents()
    for name, method, path, _ in site.urls():
        needed = NEEDED[name, method]
        for lacking in needed if who == "moderator without that right" else needed[:1]:
            headers = dict(STRANGERS[who])
            if who == "moderator without that right":
                headers["X-May"] = without(lacking)
            answer = site.ask(method, path, headers)
            assert answer.status_code == 403, (name, method, path, lacking, answer.status_code)
            assert "no-store" in answer.headers["Cache-Control"], name
            assert "Ann Example" not in answer.text, name
            assert "example.org" not in answer.text, name
    assert site.contents() == before


def test_a_host_that_answers_anything_but_true_denies(make_host: MakeHost) -> None:
    for answer in (None, 1, "yes", False):
        w4r = W4R(
            mailer=RecordingMailer(), actor_loader=load_actor,
            permission_check=lambda *asked, answer=answer: answer,  # type: ignore[arg-type,misc]
        )  # fmt: skip
        host = make_host(w4r=w4r, upgrade=answer is None)
        if answer is None:
            make_campaign(host.app)
        client = host.app.test_client()
        for path in ("/au/moderation/", "/au/moderation/queue", "/au/moderation/audit"):
            assert client.get(path, headers={"X-Actor": "mo"}).status_code == 403


def test_a_host_without_hooks_has_no_desk(make_host: MakeHost) -> None:
    client = make_host().app.test_client()
    for path in ("/au/moderation/", "/au/moderation/queue", "/au/moderation/rules", "/au/moderation/audit"):
        assert client.get(path).status_code == 403


def test_the_right_alone_opens_the_view(site: Site) -> None:
    """The table does not ask for more than the views do."""
    for name, method, path, _ in site.urls():
        if "/fr/" in path:
            continue  # The same view; what was deleted in English is gone in French.
        headers = {"X-Actor": "mo", "X-May": ",".join(NEEDED[name, method])}
        answer = site.ask(method, path, headers)
        assert answer.status_code not in (401, 403, 404, 405, 500), (name, method, answer.status_code)
        assert method == "POST" or answer.status_code == 200, (name, answer.status_code)


def test_staff_of_one_section_cannot_name_what_is_another_s(site: Site) -> None:
    """With every right in Morocco, the Australian batches and rules are not to be had by their numbers."""
    before = site.contents()
    headers = {"X-Actor": "mo", "X-May": ALL, "X-Section": "MA"}
    asked = 0
    for name, method, path, arguments in site.urls("w4r_ma"):
        if arguments & {"batch", "rule", "event", "id", "number"}:
            asked += 1
            answer = site.ask(method, path, headers)
            assert answer.status_code in (303, 404, 409), (name, method, answer.status_code)
        elif name == "moderation_decisions":
            site.ask(method, path, headers)
    assert asked >= 4
    assert site.contents() == before


#: An empty form shows nothing that a service had to be asked for.
EMPTY_FORMS = {("moderation_find", "GET"), ("moderation_batch_new", "GET")}


@pytest.mark.parametrize("who", ["moderator of another section", "moderator without that right"])
def test_the_services_ask_again(site: Site, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a view to forget, the service behind it denies: here every view has forgotten."""
    for info in pkgutil.walk_packages(blueprints.__path__, f"{blueprints.__name__}."):
        module = importlib.import_module(info.name)
        if hasattr(module, "allowed"):
            monkeypatch.setattr(module, "allowed", lambda permission: actor_here())
    before = site.contents()
    open_doors = []
    for name, method, path, _ in site.urls():
        if (name, method) in EMPTY_FORMS:
            continue
        for lacking in NEEDED[name, method]:
            headers = dict(STRANGERS[who])
            if who == "moderator without that right":
                headers["X-May"] = without(lacking)
            answer = site.ask(method, path, headers)
            if answer.status_code != 403:
                open_doors.append((name, method, lacking.value, answer.status_code))
    assert site.contents() == before
    assert not open_doors, sorted(set(open_doors))
