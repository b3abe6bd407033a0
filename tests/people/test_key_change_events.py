"""A new index key, and those who host and come: found under either key, and one party each."""

from __future__ import annotations

import json

import pytest

from flask_w4r.keyring import generate_key
from flask_w4r.services.rsvps.codes import check_in_code, rsvp_of_code
from flask_w4r.state import get_state
from flask_w4r.testing import submit
from tests.conftest import MakeHost, every_database
from tests.events.walks import Site

HOST = "sam@example.org"


@every_database
@pytest.mark.parametrize("reindexed", [False, True])
def test_guests_and_hosts_are_known(make_host: MakeHost, reindexed: bool) -> None:
    keys, old, new = [generate_key()], generate_key(), generate_key()
    before = Site(make_host(encryption_keys=keys, index_key=old))
    before.hosted()
    before.guest(email="gus@example.org")
    code = check_in_code(before.state.keyring, 1)
    host = make_host(captcha="none", encryption_keys=keys, index_key=new, index_keys_old=[old], upgrade=False)
    if reindexed:
        told = json.loads(host.run("w4r", "keys", "reindex", "--json").output)["indexed"]
        assert (told["w4r_rsvp"]["changed"], told["w4r_event"]["changed"]) == (1, 1)
    slug = before.event().slug
    client = host.app.test_client()
    # The guest asks again: still one party, and the mail says that it is known.
    page = client.get(f"/au/events/{slug}/rsvp")
    submit(client, page, "form_token", name="Gus", email="gus@example.org", party_size="2")
    rows = host.rows("SELECT state FROM w4r_rsvp")
    assert len(rows) == 1
    # What a guest's own page shows at the door; and what is held of both.
    assert rsvp_of_code(get_state(host.app).keyring, code) == 1
    held = {email: json.loads(host.run("w4r", "person", "show", email).output) for email in ("gus@example.org", HOST)}
    assert (len(held["gus@example.org"]["rsvps"]), len(held[HOST]["events"])) == (1, 1)
    host.run("w4r", "keys", "reindex")
    told = json.loads(host.run("w4r", "keys", "reindex", "--json").output)["indexed"]
    assert (told["w4r_rsvp"]["changed"], told["w4r_event"]["changed"]) == (0, 0)
