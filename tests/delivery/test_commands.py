"""``flask w4r deliver``: from a case's signatures to the files, the hand-over and the public pages."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r.keyring import Keyring
from flask_w4r.models import Signature
from flask_w4r.services.delivery.hand_over import needed
from flask_w4r.services.delivery.holds import DELIVERIES
from flask_w4r.services.people.consents import question, register_questions
from flask_w4r.services.printing import fonts, typeset
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.signals import case_changed, delivery_made
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database

from .world import OTHER, SLUG, TO, change, hand_over, invoke, lens_of, prepare, today


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host()
    make_campaign(host.app, (SLUG, OTHER))
    return host


@every_database
def test_from_signing_to_the_public_page(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 5, state="confirmed", withhold_name=lambda number: number == 2)
    make_signatures(host.app, SLUG, 1, email=lambda number: "p@example.org")
    out = tmp_path / "out"
    said = json.loads(host.run("w4r", "deliver", "prepare", SLUG, "--to", TO, "--out", str(out), "--json").output)
    assert (said["case"], said["to"], said["count"], said["withheld"], said["names"]) == (SLUG, TO, 5, 1, 4)
    assert said == json.loads((out / "batch.json").read_text())
    text = (out / "names.csv").read_bytes()
    assert hashlib.sha256(text).hexdigest() == said["digest"]
    rows = list(csv.reader(text.decode().splitlines()))
    assert rows[0] == ["number", "name", "country"]
    assert rows[1:] == [[str(n), f"Sam Sample{m}", "AU"] for n, m in enumerate((1, 3, 4, 5), 1)]
    assert {path.name for path in out.iterdir()} == {"names.csv", "book-1.pdf", "certificate.pdf", "batch.json"}
    assert oct((out / "names.csv").stat().st_mode)[-3:] == "600"

    nothing = invoke(host, "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "again"))
    assert (nothing.exit_code, "nothing to deliver" in nothing.output) == (1, True)
    client = host.app.test_client()
    assert client.get(f"/au/deliveries/{said['id']}").status_code == 404
    host.run("w4r", "deliver", "handed-over", said["id"], "--on", today(), "--by", "Jo Bloggs")
    page = client.get(f"/au/deliveries/{said['id']}")
    assert f"5 signatures were handed to \u2068{TO}\u2069 on" in page.text
    assert said["root"] in page.text
    for path in ("/au/deliveries", f"/au/cases/{SLUG}"):
        assert f"5 signatures were handed to \u2068{TO}\u2069 on" in client.get(path).text
    assert "Bloggs" not in page.text
    assert len(host.rows("SELECT id FROM w4r_signature WHERE delivered_at IS NOT NULL")) == 5


def test_whoever_leaves_before_the_hand_over_is_dropped(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 4, state="confirmed")
    said = prepare(host, tmp_path / "out")
    change(host, "UPDATE w4r_signature SET state = 'invalid' WHERE id = 1")
    refused = hand_over(host, said["id"])
    assert refused.exit_code == 1
    assert f"flask w4r deliver files {said['id']} --out DIR" in refused.output
    # They came back before the files were made again: they are in the next delivery at the latest.
    again = json.loads(host.run(
        "w4r", "deliver", "files", said["id"], "--out", str(tmp_path / "again"), "--no-pdf", "--json",
    ).stdout)  # fmt: skip
    assert (again["count"], again["root"] == said["root"]) == (3, False)
    change(host, "UPDATE w4r_signature SET state = 'confirmed' WHERE id = 1")
    assert hand_over(host, said["id"]).exit_code == 0
    assert prepare(host, tmp_path / "next")["count"] == 1


def test_a_name_that_was_corrected_is_not_what_was_certified(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    said = prepare(host, tmp_path / "out")
    sealed = get_state(host.app).keyring.seal_json({"first_name": "Sasha", "last_name": "Sample1"})
    change(host, "UPDATE w4r_signature SET person = :person WHERE id = 1", person=str(sealed))
    assert hand_over(host, said["id"]).exit_code == 1
    prepare_again = host.run("w4r", "deliver", "files", said["id"], "--out", str(tmp_path / "again"), "--no-pdf")
    assert "2 signatures" in prepare_again.output
    assert "Sasha Sample1" in (tmp_path / "again" / "names.csv").read_text()
    assert hand_over(host, said["id"]).exit_code == 0


def test_new_keys_change_nothing_of_what_was_certified(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    said = prepare(host, tmp_path / "out")
    keyring: Keyring = get_state(host.app).keyring
    for number, person in host.rows("SELECT id, person FROM w4r_signature"):
        again = str(keyring.seal(keyring.open(person)))
        change(host, "UPDATE w4r_signature SET person = :again WHERE id = :id", again=again, id=number)
    assert hand_over(host, said["id"]).exit_code == 0


def test_called_off_it_is_all_in_the_next(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 3, state="confirmed")
    said = prepare(host, tmp_path / "out")
    assert invoke(host, "call-off", said["id"]).exit_code == 0
    for words in (("call-off", said["id"]), ("files", said["id"], "--out", str(tmp_path / "x"))):
        answer = invoke(host, *words)
        assert (answer.exit_code, "handed over or called off already" in answer.output) == (1, True)
    assert hand_over(host, said["id"]).exit_code == 1
    assert prepare(host, tmp_path / "next")["count"] == 3
    assert host.app.test_client().get(f"/au/deliveries/{said['id']}").status_code == 404


def test_refused_it_may_be_posted_or_called_off(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    said = prepare(host, tmp_path / "out")
    assert hand_over(host, said["id"], "--outcome", "refused", "--note", "They shut the door.").exit_code == 0
    client = host.app.test_client()
    page = client.get(f"/au/deliveries/{said['id']}")
    assert ("were refused by" in page.text, "They shut the door." in page.text) == (True, True)
    assert host.rows("SELECT count(*) FROM w4r_signature WHERE delivered_at IS NOT NULL")[0][0] == 0
    assert hand_over(host, said["id"], "--outcome", "posted").exit_code == 0
    get_state(host.app).lazy.pop("pages", None)
    assert "were posted to" in client.get(f"/au/deliveries/{said['id']}").text
    assert hand_over(host, said["id"]).exit_code == 1


def test_several_cases_and_several_offices_in_one_go(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    make_signatures(host.app, OTHER, 3, state="confirmed")
    words = ("--to", TO, "--to", "The Minister", "--out", str(tmp_path / "all"), "--no-pdf", "--json")
    said = json.loads(host.run("w4r", "deliver", "prepare", "--all", *words).stdout)
    assert [(one["case"], one["count"], one["to"]) for one in said] == [
        (SLUG, 2, f"{TO}; The Minister"), (OTHER, 3, f"{TO}; The Minister"),
    ]  # fmt: skip
    assert {path.name for path in (tmp_path / "all").iterdir()} == {SLUG, OTHER}
    listed = json.loads(host.run("w4r", "deliver", "list", "--json").stdout)
    assert {one["id"] for one in listed} == {one["id"] for one in said}
    assert invoke(host, "prepare", SLUG, OTHER, *words).exit_code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("prepare", "nobody", "--to", TO, "--out", "x"), 1, "no case 'nobody'"),
        (("prepare", "--to", TO, "--out", "x"), 2, "name one case or more"),
        (("prepare", SLUG, "--all", "--to", TO, "--out", "x"), 2, "name one case or more"),
        (("prepare", SLUG, "--out", "x"), 2, "say whom"),
        (("prepare", SLUG, "--to", "y" * 300, "--out", "x"), 1, "200 characters"),
        (("handed-over", "nothing", "--on", "2026-01-01", "--by", "Jo"), 1, "no delivery nothing"),
        (("handed-over", "nothing", "--on", "12 June", "--by", "Jo"), 2, "does not match"),
        (("call-off", "nothing"), 1, "no delivery nothing"),
        (("files", "nothing", "--out", "x"), 1, "no delivery nothing"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    host: Host, words: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_signatures(host.app, SLUG, 1, state="confirmed")
    answer = invoke(host, *words)
    assert (answer.exit_code, said in answer.output) == (code, True), answer.output
    assert host.rows("SELECT count(*) FROM w4r_delivery")[0][0] == 0


def test_a_withdrawn_case_is_not_handed_over(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 1, state="confirmed")
    host.run("w4r", "case", "status", SLUG, "withdrawn")
    answer = invoke(host, "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "x"))
    assert (answer.exit_code, "withdrawn" in answer.output) == (1, True)


def test_the_extra_is_named_where_it_is_missing(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_signatures(host.app, SLUG, 1, state="confirmed")
    monkeypatch.setattr(typeset, "find_spec", lambda name: None)
    answer = invoke(host, "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "x"))
    assert (answer.exit_code, "pip install 'flask_w4r[pdf]'" in answer.output) == (1, True)
    assert host.rows("SELECT count(*) FROM w4r_delivery")[0][0] == 0
    assert prepare(host, tmp_path / "y")["count"] == 1


def test_missing_letters_are_told_by_script_and_nothing_is_prepared(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_covered", lambda wanted, paths: set())
    make_signatures(host.app, SLUG, 1, state="confirmed", first_name="山田", last_name="መሰረት")
    answer = invoke(host, "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "x"))
    assert (answer.exit_code, "Ethiopic (4), Han (2)" in answer.output) == (1, True), answer.output
    assert prepare(host, tmp_path / "y")["count"] == 1


def test_one_name_and_a_country_of_their_own_and_no_formula(host: Host, tmp_path: Path) -> None:
    people = [
        {"first_name": "Siti", "email": "a@example.org"},
        {"first_name": "=cmd()", "last_name": "X", "email": "b@example.org", "phone": "0400", "postcode": "2600"},
        {"first_name": "Ana", "last_name": "B", "email": "c@example.org", "custom": {"country": "nz", "job": "Nurse"}},
    ]
    keyring = get_state(host.app).keyring
    make_signatures(host.app, SLUG, 3, state="confirmed", person=lambda number: keyring.seal_json(people[number - 1]))
    said = prepare(host, tmp_path / "out")
    text = (tmp_path / "out" / "names.csv").read_text()
    assert text.splitlines() == ["number,name,country", "1,Siti,AU", "2,'=cmd() X,AU", "3,Ana B,NZ"]
    assert said["countries"] == {"AU": 2, "NZ": 1}


def test_what_the_consent_names_is_handed_over_of_those_who_agreed_to_it(make_host: MakeHost, tmp_path: Path) -> None:
    section = {
        "preset": "AU", "url_prefix": "/au",
        "custom_fields": [{"name": "job", "label": {"en": "Occupation"}}],
        "consents": {"petition": {
            "version": "7", "text": {"en": "Hand over my name, country and occupation."},
            "hands_over": ["name", "country", "job"],
        }},
    }  # fmt: skip
    host = make_host(section=section)
    make_campaign(host.app, (SLUG,))
    keyring = get_state(host.app).keyring

    def person(number: int) -> Any:
        return keyring.seal_json(
            {"first_name": f"P{number}", "email": f"p{number}@example.org", "custom": {"job": "Nurse"}}
        )

    ids = make_signatures(host.app, SLUG, 2, state="confirmed", person=person)
    only = get_state(host.app).sections["AU"]
    run(host.app, lambda uow: register_questions(uow.session, only))
    for number, digest in ((ids[0], question(only, "petition", "en").digest), (ids[1], b"\1" * 32)):
        change(
            host,
            "INSERT INTO w4r_consent (signature_id, purpose, text_digest, granted, method, given_at)"
            " VALUES (:id, 'petition', :digest, 1, 'web_form', '2026-01-01')",
            id=number, digest=digest,
        )  # fmt: skip
    prepare(host, tmp_path / "out")
    lines = (tmp_path / "out" / "names.csv").read_text().splitlines()
    assert lines == ["number,name,country,job", "1,P1,AU,Nurse", "2,P2,AU,"]


def test_my_data_says_where_it_went_and_erasing_leaves_what_is_prepared(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    make_signatures(host.app, OTHER, 2, state="confirmed")
    given = prepare(host, tmp_path / "given")
    hand_over(host, given["id"])
    prepare(host, tmp_path / "open", slug=OTHER)
    state = get_state(host.app)
    section = state.sections["AU"]
    shown = read(
        host.app, lambda session: DELIVERIES.show(session, state.keyring, lens_of(host), "made-up-1@example.org")
    )
    assert [(one.title, one.data["to"], one.data["handed_over_on"]) for one in shown] == [
        ("Ann Example", [TO], today()), ("Bo Example", [TO], None),
    ]  # fmt: skip
    change(host, "UPDATE w4r_case SET status = 'withdrawn' WHERE name = 'Bo Example'")
    shown = read(
        host.app, lambda session: DELIVERIES.show(session, state.keyring, lens_of(host), "made-up-1@example.org")
    )
    assert [one.title for one in shown] == ["Ann Example", "A case that was withdrawn"]
    change(host, "UPDATE w4r_case SET status = 'active' WHERE name = 'Bo Example'")
    nobody = read(host.app, lambda session: DELIVERIES.show(session, state.keyring, lens_of(host), "x@example.org"))
    assert nobody == []
    # Retention may not take what a delivery needs: the prepared one, and not the one that was given away.
    kept = read(host.app, lambda session: session.scalars(select(Signature.id).where(needed(Signature.id))).all())
    assert sorted(kept) == [3, 4]
    change(host, "UPDATE w4r_signature SET state = 'erased', person = NULL, email_index = NULL WHERE id IN (1, 3)")
    assert DELIVERIES.erase is not None
    run(host.app, lambda uow: DELIVERIES.erase(uow, section, "made-up-1@example.org", None))  # type: ignore[misc]
    assert host.rows("SELECT signature_id FROM w4r_delivery_name ORDER BY signature_id") == [(1,), (2,), (4,)]


def test_the_signal_says_what_to_purge(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 1, state="confirmed")
    said = prepare(host, tmp_path / "out")
    told: list[dict[str, Any]] = []

    def note(sender: Any, **values: Any) -> None:
        told.append(values)

    with delivery_made.connected_to(note, host.app), case_changed.connected_to(note, host.app):
        hand_over(host, said["id"])
        host.run("w4r", "case", "status", SLUG, "withdrawn")
    made, changed = told
    assert (made["delivery"], made["section"], made["outcome"]) == (said["id"], "AU", "met")
    for values in (made, changed):
        assert {f"http://localhost/au/deliveries/{said['id']}", "http://localhost/au/deliveries"} <= set(values["urls"])
    assert f"http://localhost/au/cases/{SLUG}" in made["urls"]
