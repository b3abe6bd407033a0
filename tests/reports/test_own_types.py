"""A section counts by a type of its own, wherever anything is reported and wherever a number stands; and then no more."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.action_types import STANDARD, reported_types, types_of
from flask_w4r.keyring import generate_key
from flask_w4r.services.rollup import signing
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.letters.world import words_of
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .test_counts import PATH as COUNTS
from .test_telling import PATH, QUEUE, confirm, decide, reports, tally, tell

KEYS: dict[str, Any] = {
    "signing_key": signing.new_pair().private, "encryption_keys": [generate_key()], "index_key": generate_key(),
}  # fmt: skip
OWN = {"vigil": {"en": "Vigils", "fr": "Veillées"}}
Sites = Callable[..., Host]


@pytest.fixture
def sites(make_host: MakeHost) -> Sites:
    """A site of the section with some types of its own, any number of times on one database."""

    def make(action_types: Any) -> Host:
        mailer = RecordingMailer()
        section = {"preset": "AU", "url_prefix": "/au", "locales": ["en", "fr"], "goals": {"vigil": 4, "letter": 60}}
        if action_types is not None:
            section["action_types"] = action_types
        w4r = W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission)
        host = make_host(section=section, w4r=w4r, **KEYS)
        host.mailer = mailer
        return host

    return make


def mo_of(host: Host) -> Staff:
    return Staff(host.app.test_client(), "mo", ALL, None)


def page_of(host: Host, path: str, client: Any = None) -> str:
    host.app.extensions["w4r"].lazy.pop("pages", None)
    return " ".join((client or host.app.test_client()).get(path).text.split())


def enter(host: Host, folder: Path, *rows: str) -> Any:
    file = folder / "own.csv"
    file.write_text("\n".join(("case,type,count", *rows)), "utf-8")
    return host.app.test_cli_runner().invoke(args=["w4r", "reports", "import", str(file), "--json"])


def sums(rows: Iterable[tuple[str, Any]]) -> dict[str, int]:
    """Numbers of one name are added up: each source has a row of its own."""
    found: dict[str, int] = {}
    for name, number in rows:
        found[name] = found.get(name, 0) + int(number)
    return found


def agree(host: Host, folder: Path, *, vigils: int, letters: int, signed: dict[str, int], called: str) -> None:
    """Every place that says a number says the same."""
    actions = {"letter": letters, "vigil": vigils}
    assert tally(host) == actions
    assert host.app.test_client().get("/au/tally.json").get_json()["actions"] == actions
    for path in ("/au/cases/ann-example", "/au/"):
        page = page_of(host, path)
        for words, number in ((called, vigils), ("Letters", letters)):
            assert sum(map(int, re.findall(rf"<strong>(\d+)</strong> {words} ", page))) == number, "by their sources"
    assert f"{vigils} of 4</strong> <span>{called}</span>" in page, "a goal of the campaign counts by it"
    told = json.loads(host.run("w4r", "tally", "report", "--json").output)
    assert sums((row["type"], row["count"]) for row in told["rows"]) == actions
    assert set(told["definitions"]) == set(actions)
    table = csv.DictReader(io.StringIO(host.run("w4r", "tally", "report").output))
    assert sums((row["type"], row["count"]) for row in table) == actions
    host.app.extensions["w4r"].lazy.pop("numbers", None)
    numbers = csv.DictReader(io.StringIO(mo_of(host).get("/au/moderation/numbers.csv").text))
    rows = ((row["of"], row["number"]) for row in numbers if row["table"] == "actions")
    assert sums(rows) == {f"ann-example {kind}": number for kind, number in actions.items()}
    host.run("w4r", "tally", "sign", "--out", str(folder / "signed.json"))
    document = json.loads((folder / "signed.json").read_text("utf-8"))
    assert {row["type"]: row["count"] for row in document["rows"]} == signed
    host.run("w4r", "tally", "recount")


@every_database
def test_from_the_form_to_every_number_and_on_when_the_type_is_dropped(sites: Sites, tmp_path: Path) -> None:
    host = sites(OWN)
    make_campaign(host.app)
    answer = tell(host, **{"letters": ["30"], "cards": [""], "signatures_on_paper": [""], "count-vigil": ["2"]})
    assert answer.status_code == 303
    confirm(host)
    mo = mo_of(host)
    assert "Letters 30, Vigils 2" in " ".join(mo.get(QUEUE).text.split())
    decide(mo, reports(host)[0][0])
    agree(host, tmp_path, vigils=2, letters=30, signed={"other": 32}, called="Vigils")
    number = host.rows("SELECT id FROM w4r_case")[0][0]
    mo.post(COUNTS, {"act": "type", f"count-{number}-vigil": "9", "status": "final"}, page=COUNTS)
    done = json.loads(enter(host, tmp_path, "ann-example,vigil,1", "ann-example,letter,12").output)
    assert (done["faults"], done["entered"]) == ([], 2)
    signed = {"letter": 42, "vigil": 12}
    agree(host, tmp_path, vigils=12, letters=42, signed=signed, called="Vigils")
    shown = page_of(host, "/au/fr/cases/ann-example")
    # Nine are final, one is interim.
    assert [f"<strong>{count}</strong> Veillées" in shown for count in (9, 1, 10)] == [True, True, False]
    waiting = {"email": "lee@example.org", "where": "Perth", "letters": ["30"], "cards": [""]}
    tell(host, **waiting, **{"signatures_on_paper": [""], "count-vigil": ["3"]})
    confirm(host)

    later = sites(None)
    agree(later, tmp_path, vigils=12, letters=42, signed={"letter": 42, "other": 12}, called="Vigil")
    mo = mo_of(later)
    listed = page_of(later, COUNTS, _With(mo))
    assert "Vigil 9" in listed, "what was entered is listed"
    assert f'name="count-{number}-vigil"' not in listed, "and can be entered no more"
    assert 'name="count-vigil"' not in page_of(later, PATH)
    assert "type 'vigil' is not known" in enter(later, tmp_path, "ann-example,vigil,1").output
    decide(mo, reports(later)[-1][0])
    assert tally(later) == {"letter": 72, "vigil": 15}, "what waited for the desk counts as it was told"
    mo.post(COUNTS, {"act": "reverse", "item": reports(later)[-1][0]}, page=COUNTS)
    assert tally(later) == {"letter": 42, "vigil": 12}, "and goes as it came"
    later.run("w4r", "tally", "recount")


class _With:
    """Staff, as a client."""

    def __init__(self, staff: Staff) -> None:
        self.get = staff.get


def test_what_the_form_asks_first_and_what_behind_a_summary(sites: Sites) -> None:
    host = sites(OWN)
    make_campaign(host.app)
    page = page_of(host, PATH)
    first, _, more = page.partition("Something else")
    for name in ("letters", "cards", "count-solidarity_card", "signatures_on_paper", "count-vigil"):
        assert f'name="{name}"' in first
    for name in ("emails", "posts", "count-solidarity_message", "count-other"):
        assert f'name="{name}"' in more
    assert 'name="count-petition_signature"' not in page, "signatures are counted, not told"
    assert "Vigils" in first
    answer = tell(host, **{"count-other": ["many"], "count-solidarity_card": ["5"]})
    assert answer.status_code == 422
    assert "Ann Example – Other actions" in answer.text
    assert re.search(r'<details class="w4r-details"\s+open>', answer.text), "what was typed is seen"


@every_database
def test_words_to_the_family_on_paper_are_told_and_counted_by_hand(sites: Sites, tmp_path: Path) -> None:
    host = sites(None)
    make_campaign(host.app)
    tell(host, **{"letters": [""], "cards": [""], "signatures_on_paper": [""], "count-solidarity_card": ["12"]})
    confirm(host)
    decide(mo_of(host), reports(host)[0][0])
    done = enter(host, tmp_path, "ann-example,solidarity_message,40", "ann-example,solidarity_card,3")
    assert done.exit_code == 0
    assert tally(host) == {"solidarity_card": 15, "solidarity_message": 40}
    assert "<strong>12</strong> Solidarity cards" in page_of(host, "/au/cases/ann-example")
    host.run("w4r", "tally", "recount")


def test_signatures_are_never_entered_by_hand(sites: Sites, tmp_path: Path) -> None:
    host = sites(OWN)
    make_campaign(host.app)
    number = host.rows("SELECT id FROM w4r_case")[0][0]
    typed = {"act": "type", f"count-{number}-petition_signature": "9", "status": "final"}
    assert mo_of(host).post(COUNTS, typed, page=COUNTS).status_code == 422
    told = enter(host, tmp_path, "ann-example,petition_signature,5").output
    assert "type 'petition_signature' is not known; known are letter, card," in told
    assert "other, vigil" in told
    assert tally(host) == {}


def test_the_report_to_print_calls_it_by_its_name(sites: Sites, tmp_path: Path) -> None:
    host = sites(OWN)
    make_campaign(host.app)
    enter(host, tmp_path, "ann-example,vigil,7")
    assert "Vigils" in words_of(mo_of(host).get("/au/moderation/numbers.pdf").data)


def test_there_is_one_list(sites: Sites) -> None:
    state = get_state(sites(OWN).app)
    section = state.sections["AU"]
    assert set(STANDARD) == set(state.seam.actions), "each is brought by a capability"
    assert types_of(section) == (*STANDARD, "vigil")
    assert set(types_of(section)) - set(reported_types(section)) == {"petition_signature"}
