"""A capability that no file of ours knows is a package a floor and one line: its whole day, through public doors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from flask_w4r import W4R
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.errors import W4RError
from flask_w4r.seam import Capability, Job, Seam
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.services.tally import recount
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost, every_database
from tests.mail.world import MovingClock
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .postcards.capability import CAPABILITY
from .postcards.models import Base

CASE = "/au/cases/ann-example"
FORM = f"{CASE}/postcard"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(make_host: MakeHost, clock: MovingClock) -> Host:
    mailer = RecordingMailer()
    w4r = W4R(
        mailer=mailer, actor_loader=load_actor, permission_check=check_permission, clock=clock,
        capabilities=(*CAPABILITIES, CAPABILITY),
    )  # fmt: skip
    host = make_host(w4r=w4r, captcha="none")
    host.mailer = mailer
    own = FileSystemLoader(str(Path(__file__).parent / "postcards" / "templates"))
    host.app.jinja_loader = ChoiceLoader([host.app.jinja_loader, own])
    with host.app.app_context():
        Base.metadata.create_all(host.db.engine)
    make_campaign(host.app)
    return host


def send(site: Host, **typed: str) -> Any:
    client = site.app.test_client()
    given = {"email": "sam@example.org", "words": "You are not alone", **typed}
    return submit(client, client.get(FORM), "form_token", **given)


def states(site: Host) -> list[str]:
    return [row.state for row in site.rows("SELECT state FROM toy_postcard ORDER BY id")]


@every_database
def test_its_whole_day(site: Host, clock: MovingClock) -> None:
    assert send(site, words="").status_code == 422, "the form keeps its own rules"
    assert send(site).headers["Location"] == CASE
    run_jobs(site.app)
    (thanks,) = site.mailer.messages
    assert thanks["Subject"] == "Thank you for the postcard"
    assert "1 of them wait" in thanks.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    mo = Staff(site.app.test_client(), "mo", ALL, None)
    queue = mo.get("/au/moderation/queue?kind=postcard").text
    assert "You are not alone, by airmail" in queue
    assert "Every postcard is read first" in queue
    mo.post("/au/moderation/decisions", {"items": "postcard:1", "decision": "approve"})
    assert states(site) == ["sent"]
    assert run_jobs(site.app)["postcards"] == {"sent": 1}
    (batch,) = site.rows("SELECT id FROM w4r_batch")
    mo.post(f"/au/moderation/decisions/{batch.id}/undo", {"kind": "postcard"})
    assert states(site) == ["submitted"]
    assert re.search(r"<dd>\s+1 wait", mo.get("/au/moderation/cases/ann-example").text)
    clock.move(days=31)
    assert run_jobs(site.app)["purge"]["postcards"] == 1
    assert states(site) == []


def test_it_is_asked_wherever_all_are_asked(site: Host) -> None:
    state = get_state(site.app)
    send(site)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE toy_postcard SET state = 'sent', held_at = NULL")
    section = state.sections["AU"]
    _, drifts = read(
        site.app, lambda session: recount.recount(session, state.keyring, section, state.seam.recounts, fix=False)
    )
    assert [(drift.case, drift.counted) for drift in drifts] == [
        (f"ann-example (toy_postcard, {section.local_date(state.clock())})", 1)
    ]
    assert "the letter box is open" in site.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert [item.table for item in state.seam.personal if item.rule == "postcards"] == ["toy_postcard"]
    taken = site.run("w4r", "export", "postcards", "--out", "-").stdout.splitlines()
    assert (taken[:2], taken[2][:4]) == (["id,to", "1,'=1+1"], '"# 1')
    assert state.seam.actions["toy_postcard"].words == "Postcards"


def test_a_mail_whose_postcard_has_gone_is_not_sent(site: Host) -> None:
    send(site)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM toy_postcard")
    run_jobs(site.app)
    assert site.mailer.messages == []


def test_a_mail_that_nobody_knows_any_more_waits_and_is_told(site: Host, make_host: MakeHost) -> None:
    send(site)
    older = make_host(str(site.app.config["SQLALCHEMY_DATABASE_URI"]), upgrade=False, **{
        key: site.app.config[key] for key in ("W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY")
    })  # fmt: skip
    run_jobs(older.app)
    assert older.mailer.messages == []
    assert "UnknownKind" in older.run("w4r", "mail", "status").output


def test_two_of_one_name_are_refused(make_host: MakeHost) -> None:
    with pytest.raises((ValueError, W4RError), match="'postcards' exists twice"):
        W4R(capabilities=(*CAPABILITIES, CAPABILITY, CAPABILITY))
    twice = Capability("other", jobs=(Job("mail", lambda app, tools: {}),))
    with pytest.raises(ValueError, match="job 'mail' exists twice"):
        Seam((*CAPABILITIES, twice))


def test_nothing_of_ours_names_it() -> None:
    root = Path(__file__).parents[2] / "flask_w4r"
    assert not [path for path in root.rglob("*.py") if "postcard" in path.read_text("utf-8")]
