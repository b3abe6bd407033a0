"""Receipts: a mail to each signer, once; the proof in it; the page that checks it; and the link that ends such mails."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.services.delivery.merkle import leaf_hash
from flask_w4r.services.delivery.names import leaf_data
from flask_w4r.services.delivery.receipts import Receipt
from flask_w4r.testing import make_campaign, make_signatures, run_jobs
from tests.conftest import Host, MakeHost, every_database

from .world import OTHER, SLUG, TO, change, hand_over, prepare


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(section={"preset": "AU", "url_prefix": "/au", "delivery_receipts": True})
    make_campaign(host.app, (SLUG, OTHER))
    return host


def receipt_in(message: EmailMessage) -> str:
    """The receipt, as somebody copies it from the mail."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"w4r1\.[\w\n-]+", body.get_content())
    assert found is not None
    return found[0].split("\n\n")[0]


def delivered(host: Host, tmp_path: Path, count: int = 3, **columns: Any) -> dict[str, Any]:
    make_signatures(host.app, SLUG, count, state="confirmed", **columns)
    said = prepare(host, tmp_path / "out")
    assert hand_over(host, said["id"]).exit_code == 0
    return said


@every_database
def test_each_signer_gets_one_receipt_that_proves_it(host: Host, tmp_path: Path) -> None:
    said = delivered(host, tmp_path, withhold_name=lambda number: number == 2)
    for _ in range(3):
        run_jobs(host.app)
    assert sorted(str(message["To"]) for message in host.mailer.messages) == [
        f"made-up-{number}@example.org" for number in (1, 2, 3)
    ]
    client = host.app.test_client()
    path = f"/au/deliveries/{said['id']}/receipt"
    for message in host.mailer.messages:
        text = receipt_in(message)
        assert "Sam" not in text
        assert client.post(path, data={"receipt": text}).status_code == 200
        assert "is among those of this delivery" in client.post(path, data={"receipt": text}).text
    # Whoever has the mail can show that the leaf is their name.
    receipt = Receipt.unpacked(receipt_in(next(one for one in host.mailer.messages if "up-1@" in one["To"])))
    assert receipt is not None
    values = {"name": "Sam Sample1", "country": "AU"}
    assert leaf_hash(leaf_data(receipt.salt, receipt.place + 1, values)) == receipt.leaf
    # Nobody can try names any more.
    assert host.rows("SELECT count(*) FROM w4r_delivery WHERE salt IS NOT NULL OR receipts_due")[0][0] == 0
    assert host.rows("SELECT count(*) FROM w4r_delivery_name WHERE leaf IS NOT NULL")[0][0] == 0
    assert host.rows("SELECT count(*) FROM w4r_outbox WHERE params IS NOT NULL")[0][0] == 0


@pytest.mark.parametrize(
    ("mangle", "words"),
    [
        (lambda text: "", "not a receipt"),
        (lambda text: "w4r1.AAAA", "not a receipt"),
        (lambda text: "".join(text.split())[:-8] + "AAAAAAAA", "prove a signature of this delivery"),
        (lambda text: text.replace("w4r1.", "w4r1.é"), "not a receipt"),
        (lambda text: "\r\n  ".join(text[at : at + 20] for at in range(0, len(text), 20)), "is among those"),
        (lambda text: text * 50, "not a receipt"),
    ],
)
def test_what_is_pasted_may_be_anything(host: Host, tmp_path: Path, mangle: Any, words: str) -> None:
    said = delivered(host, tmp_path)
    run_jobs(host.app)
    text = mangle(receipt_in(host.mailer.messages[0]))
    answer = host.app.test_client().post(f"/au/deliveries/{said['id']}/receipt", data={"receipt": text})
    assert words in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_receipt_of_another_delivery(host: Host, tmp_path: Path) -> None:
    delivered(host, tmp_path)
    run_jobs(host.app)
    text = receipt_in(host.mailer.messages[0])
    make_signatures(host.app, OTHER, 1, state="confirmed")
    other = prepare(host, tmp_path / "other", slug=OTHER)
    hand_over(host, other["id"], "--no-receipts")
    answer = host.app.test_client().post(f"/au/deliveries/{other['id']}/receipt", data={"receipt": text})
    assert (answer.status_code, "for another delivery" in answer.text) == (422, True)
    assert len(host.mailer.messages) == 3


def test_it_is_in_the_readers_language(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(section={"preset": "MA", "url_prefix": "/ma"})
    make_campaign(host.app, (SLUG,))
    make_signatures(host.app, SLUG, 2, state="confirmed", locale=lambda number: ("ar", "fr")[number - 1])
    said = prepare(host, tmp_path / "out")
    hand_over(host, said["id"], "--receipts")
    run_jobs(host.app)
    languages = [part["Content-Language"] for one in host.mailer.messages for part in one.walk()]
    assert sorted(language for language in languages if language) == ["ar-MA", "fr-MA"]


def test_one_click_ends_such_mails_and_no_others(host: Host, tmp_path: Path) -> None:
    said = delivered(host, tmp_path, 1)
    run_jobs(host.app)
    message = host.mailer.messages[0]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = message.as_bytes().decode()
    assert re.search(r"^List-Unsubscribe: <http://localhost/au/unsubscribe/[\w-]{43}>\r?$", raw, re.MULTILINE)
    path = str(message["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost")
    client = host.app.test_client()
    page = client.get(path)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert host.rows("SELECT count(*) FROM w4r_unsubscribed")[0][0] == 0, "looking changes nothing"
    for _ in range(2):
        done = client.post(path, data={"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert done.status_code == 200
    assert client.post("/au/unsubscribe/nothing").status_code == 404
    assert host.rows("SELECT count(*) FROM w4r_unsubscribed")[0][0] == 1
    # Another delivery brings no receipt; a confirmation that is asked for comes.
    make_signatures(host.app, OTHER, 1, state="confirmed")
    other = prepare(host, tmp_path / "other", slug=OTHER)
    hand_over(host, other["id"])
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    assert said["id"] != other["id"]
    shown = host.run("w4r", "mail", "suppressed", "show", "made-up-1@example.org").output
    assert "gets mail, but none that nobody asked for" in shown
    # It was a mistake: whoever has the mail takes it back.
    assert "Let these emails come again" in client.get(path).text
    assert client.post(path, data={"again": "y"}).status_code == 200
    assert host.rows("SELECT count(*) FROM w4r_unsubscribed")[0][0] == 0


def test_whoever_erased_gets_no_receipt_that_waits(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 3, state="confirmed")
    said = prepare(host, tmp_path / "out")
    hand_over(host, said["id"])
    change(host, "UPDATE w4r_signature SET state = 'erased', person = NULL, email_index = NULL WHERE id = 2")
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2
    proof = receipt_in(host.mailer.messages[-1])
    answer = host.app.test_client().post(f"/au/deliveries/{said['id']}/receipt", data={"receipt": proof})
    assert "is among those" in answer.text, "the tree is as it was certified"


def test_no_receipt_of_a_case_that_was_withdrawn(host: Host, tmp_path: Path) -> None:
    said = delivered(host, tmp_path)
    host.run("w4r", "case", "status", SLUG, "withdrawn")
    run_jobs(host.app)
    assert host.mailer.messages == []
    client = host.app.test_client()
    assert client.get(f"/au/deliveries/{said['id']}").status_code == 410
    assert client.get(f"/au/deliveries/{said['id']}/receipt").status_code == 410
    page = client.get("/au/deliveries")
    assert (page.status_code, "Ann" in page.text, TO in page.text) == (200, False, False)


def test_a_delivery_that_was_refused_brings_none(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 2, state="confirmed")
    said = prepare(host, tmp_path / "out")
    hand_over(host, said["id"], "--outcome", "refused")
    run_jobs(host.app)
    assert host.mailer.messages == []
    assert hand_over(host, said["id"], "--outcome", "posted").exit_code == 0
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2
