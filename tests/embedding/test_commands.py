"""What a section's administrator runs: doctor, keys, counts; and what a watcher asks for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from flask_w4r import W4R
from flask_w4r.clock import system_clock
from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.models.base import sealed_columns
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, submit, supporter, take_in
from tests.conftest import Host, every_database
from tests.embedding.conftest import AU, KEY, MA, MakeSite, clear_pages, production


def confirmed(host: Host, prefix: str = "/au") -> None:
    """One signature that counts."""
    client = host.app.test_client()
    assert sign(client, prefix, "ann-example").status_code == 303
    run_jobs(host.app)
    page = client.get(host.mailer.links("/confirm/")[0].removeprefix("http://localhost"))
    assert "Your signature is confirmed" in submit(client, page).text


def test_the_doctor_is_well(make_site: MakeSite) -> None:
    host = make_site()
    make_campaign(host.app)
    findings = json.loads(host.run("w4r", "doctor", "--json").output)
    assert {item["subject"] for item in findings} >= {"keys", "database", "host", "mail", "captcha"}
    assert all(set(item) == {"level", "subject", "text"} for item in findings)
    assert not [item for item in findings if item["level"] == "error"]
    assert "OK     keys:" in host.run("w4r", "doctor").output


def test_the_doctor_finds_what_is_amiss(make_site: MakeSite) -> None:
    host = make_site(
        upgrade=False, w4r=W4R(), section={**MA, "locales": ["ar", "fr", "zu"]}, encryption_keys=[], index_key="",
    )  # fmt: skip
    result = host.app.test_cli_runner().invoke(args=["w4r", "doctor", "--json"])
    assert result.exit_code == 1
    found = {item["subject"]: item for item in json.loads(result.stdout) if item["level"] == "error"}
    assert "flask w4r db upgrade" in found["database"]["text"]
    assert "flask w4r keygen" in found["keys"]["text"]
    assert "could not be checked" in found["mail"]["text"]
    assert "no catalogue for 'zu'" in result.stdout


def test_the_doctor_of_a_site_in_production(make_site: MakeSite) -> None:
    host = make_site(**production(W4R_BASE_URL="https://www.example.org"))
    found = host.run("w4r", "doctor").output
    for word in ("SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE", "TRUSTED_HOSTS", "SQLite"):
        assert word in found
    safe = make_site(
        **production(), SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax", TRUSTED_HOSTS=["localhost"]
    )
    assert "WARN   cookies" not in safe.run("w4r", "doctor").output


def test_every_section_is_looked_at(make_site: MakeSite) -> None:
    tables = [{**AU, "host": "au.example.org"}, {**MA, "host": "ma.example.org"}]
    host = make_site(sections=tables, TRUSTED_HOSTS=["au.example.org", "ma.example.org"])
    assert "answers 4" not in host.run("w4r", "doctor").output


@every_database
def test_the_health_of_the_site(make_site: MakeSite) -> None:
    now = [system_clock()]
    host = make_site(w4r=W4R(mailer=RecordingMailer(), clock=lambda: now[0]))
    make_campaign(host.app)
    client = host.app.test_client()
    answer = client.get("/au/healthz")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert answer.get_json() == {
        "database": "ok", "migrations": "current", "outbox_age_seconds": 0, "intake_age_seconds": 0,
        "intake_waiting": 0, "intake_set_aside": 0, "worker_seen_seconds": None, "erasures": "ok", "webhooks": {},
    }  # fmt: skip
    _, fields = form_fields(client.get("/au/cases/ann-example/sign"), "form_token")
    assert client.post("/au/cases/ann-example/sign", data={**fields, **supporter()}).status_code == 303
    now[0] += timedelta(minutes=16)
    answer = client.get("/au/healthz")
    assert answer.status_code == 503, "no worker looks at what forms wrote down"
    assert (answer.get_json()["intake_age_seconds"], answer.get_json()["intake_waiting"]) == (960, 1)
    take_in(host.app)
    now[0] += timedelta(minutes=16)
    answer = client.get("/au/healthz")
    assert answer.status_code == 503, "no worker sends mail"
    assert answer.get_json()["outbox_age_seconds"] >= 900
    run_jobs(host.app)
    now[0] += timedelta(minutes=1)
    healthy = client.get("/au/healthz")
    assert (healthy.status_code, healthy.get_json()["worker_seen_seconds"]) == (200, 60)
    with host.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_alembic_version SET version_num = 'unknown'"))
    answer = client.get("/au/healthz")
    assert (answer.status_code, answer.get_json()["migrations"]) == (503, "ahead")


def test_fresh_keys(make_site: MakeSite) -> None:
    lines = make_site().run("w4r", "keygen").output.split()
    assert [line.partition("=")[0] for line in lines] == ["W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY"]
    values = [line.partition("=")[2] for line in lines]
    assert len(set(values)) == 2
    for value in values:
        Fernet(value.encode())


def sealed_values(host: Host) -> list[str]:
    return [
        value
        for column in sealed_columns()
        for (value,) in host.rows(f"SELECT {column.name} FROM {column.table.name} WHERE {column.name} IS NOT NULL")
    ]


@every_database
@pytest.mark.parametrize("batch", ["1", "500"])
def test_keys_rotate(make_site: MakeSite, batch: str) -> None:
    old = make_site()
    make_campaign(old.app)
    for number in range(3):
        sign(old.app.test_client(), "/au", "ann-example", email=f"one{number}@example.org")
    assert sealed_values(old)
    newest = generate_key()
    host = make_site(encryption_keys=[newest, KEY])
    said = host.run("w4r", "keys", "rotate", "--batch", batch).output
    assert f"{len(sealed_values(old))} values sealed" in said
    alone = Keyring([newest], "x")
    for value in sealed_values(old):
        assert alone.open(value)
    assert host.run("w4r", "keys", "rotate").output.startswith("0 values"), "a second run has nothing to do"
    later = make_site(encryption_keys=[newest])
    run_jobs(later.app)
    assert len(later.mailer.messages) == 3


@every_database
def test_counts_are_proved_and_mended(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA])
    make_campaign(host.app)
    confirmed(host)
    command = ("w4r", "tally", "recount", "--section", "au")
    assert "0 differ" in host.run(*command).output
    with host.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_tally SET count = count + 5 WHERE section = 'AU'"))
        connection.execute(text("DELETE FROM w4r_edition_person"))
    runner = host.app.test_cli_runner()
    result = runner.invoke(args=[*command, "--json"])
    assert result.exit_code == 1
    (report,) = json.loads(result.stdout)
    assert report["section"] == "AU"
    drifts = {drift["case"]: (drift["kept"], drift["counted"]) for drift in report["drifts"]}
    (day,) = host.rows("SELECT day FROM w4r_tally WHERE case_id > 0 AND section = 'AU'")[0]
    assert drifts == {f"ann-example ({day})": (6, 1), "(people)": (6, 1)}
    assert runner.invoke(args=list(command)).exit_code == 1, "looking mends nothing"
    assert "were corrected" in host.run(*command, "--fix").output
    assert "0 differ" in host.run(*command).output
    assert len(host.rows("SELECT * FROM w4r_edition_person")) == 1
    clear_pages(host)
    tally: dict[str, Any] = host.app.test_client().get("/au/tally.json").get_json()
    assert (tally["total"], tally["people"]) == (1, 1)


def test_several_sections_need_a_choice(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA])
    make_campaign(host.app)
    runner = host.app.test_cli_runner()
    for args in (["tally", "recount"], ["case", "status", "ann-example", "closed"]):
        result = runner.invoke(args=["w4r", *args])
        assert result.exit_code == 2
        assert "AU, MA" in result.output
    host.run("w4r", "case", "status", "ann-example", "closed", "--section", "all")
    assert {row[0] for row in host.rows("SELECT status FROM w4r_case")} == {"closed"}
    host.run("w4r", "case", "status", "ann-example", "active", "--section", "MA")
    assert sorted(tuple(row) for row in host.rows("SELECT section, status FROM w4r_case")) == [
        ("AU", "closed"),
        ("MA", "active"),
    ]


def test_the_demonstration(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    for _ in range(2):
        host.run("w4r", "demo")
    client = host.app.test_client()
    page = client.get("/ma/")
    assert page.status_code == 200
    for year in ("2021", "2023"):
        assert client.get(f"/ma/editions/{year}/").status_code == 200
    assert host.run("w4r", "doctor").exit_code == 0
