"""The keys: what they made once is known for ever, and each value has one purpose and one scope."""

from __future__ import annotations

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flask_w4r.keyring import (
    Keyring,
    SealBroken,
    Sealed,
    check_key,
    generate_key,
    hash_token,
    new_token,
    token_box,
)
from flask_w4r.models import Signature
from flask_w4r.services.people.rotation import Place, rotate_keys
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
INDEX_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
TOKEN = "T" * 43
#: What stands in databases of sites that run. Whatever changes here locks them out of what they have.
SEALED = "v1:gAAAAABlU_EAAAAAAAAAAAAAAAAAAAAAAMaCeTR6tAJhLoYCuUqZCJWg2F51U6q52oF65viEcdfynHoqMSBnjpNgH1OV4s_neA=="
INDEX = "7baed3e7c00390c22d1beb9a3dde5f5e80e19f5cacd11bf9abdfd1cf872c37c0"
SUB_KEY = "fdb04d4c7e37f909e835ad7f869a2b17bf6e8b70f475fa11db3cfb4aec99a74a"
TOKEN_HASH = "8a652abf7512959a7ecf7abe32a2bb4634c0b03fc93008b0365ed67933bff00c"
BOX = b"gAAAAABlU_EAAAAAAAAAAAAAAAAAAAAAAM7pPAl0VcrxJo4GG-x5sMOKw1tSTcH1dXAvphS-hYWa1aTfBjVf9TuHgOWmL3bBsA=="


def test_what_was_stored_once_is_read_and_found_again() -> None:
    ring = Keyring([KEY], INDEX_KEY)
    assert ring.open_json(SEALED) == {"name": "é"}
    assert ring.blind("signature|AU|17", "sam@example.org").hex() == INDEX
    assert ring.sub_key("audit").hex() == SUB_KEY
    assert hash_token(TOKEN).hex() == TOKEN_HASH
    assert token_box(TOKEN).decrypt(BOX) == b"[17,2]"


def test_an_index_tells_scopes_values_and_sites_apart() -> None:
    ring, other = Keyring([KEY], INDEX_KEY), Keyring([KEY], generate_key())
    asked = [("signature|AU|17", "sam"), ("signature|AU|18", "sam"), ("signature|AU|17", "pat")]
    made = {one.blind(*scope_and_value) for one in (ring, other) for scope_and_value in asked}
    assert len(made) == 6
    assert {len(one) for one in made} == {32}
    assert len({ring.sub_key("a"), ring.sub_key("b"), other.sub_key("a"), ring.blind("a", "")}) == 4


def test_what_is_sealed_says_nothing_and_is_sealed_by_the_newest_key() -> None:
    old, new = generate_key(), generate_key()
    ring = Keyring([new, old], INDEX_KEY)
    sealed = ring.seal_json({"name": "Sam", "one": [1]})
    assert isinstance(sealed, Sealed)
    assert "Sam" not in sealed
    assert ring.seal("Sam") != ring.seal("Sam")
    assert ring.open(ring.seal_json({"name": "é", "one": 1})) == '{"name":"é","one":1}', "as short as can be"
    assert Keyring([new], INDEX_KEY).open_json(sealed) == {"name": "Sam", "one": [1]}
    with pytest.raises(SealBroken, match="dropped too early"):
        Keyring([old], INDEX_KEY).open(sealed)


def test_rotation_seals_anew_what_an_older_key_sealed_and_nothing_else() -> None:
    old, new = generate_key(), generate_key()
    sealed = Keyring([old], INDEX_KEY).seal("Sam")
    ring = Keyring([new, old], INDEX_KEY)
    fresh = ring.rotate(sealed)
    assert isinstance(fresh, Sealed)
    assert Keyring([new], INDEX_KEY).open(fresh) == "Sam"
    assert ring.rotate(fresh) is None


@pytest.mark.parametrize(
    "broken", ["", "Sam", SEALED.removeprefix("v1:"), SEALED.replace("v1:", "v2:"), SEALED[:-9], "v1:"]
)
def test_what_nobody_sealed_is_not_opened(broken: str) -> None:
    with pytest.raises(SealBroken):
        Keyring([KEY], INDEX_KEY).open(broken)


def test_a_key_is_checked_before_it_is_used() -> None:
    assert check_key(generate_key()) is None
    for bad in ("", "short", "é" * 44, KEY[:-4]):
        assert "32 bytes" in str(check_key(bad)), bad
    assert generate_key() != generate_key()


def test_a_token_is_long_new_and_opens_its_own_box_alone() -> None:
    made = {new_token() for _ in range(20)}
    assert len(made) == 20
    assert {len(one) for one in made} == {43}
    first, second = sorted(made)[:2]
    with pytest.raises(InvalidToken):
        token_box(second).decrypt(token_box(first).encrypt(b"[1]"))


def test_a_row_that_changes_while_keys_rotate_keeps_what_it_is_given(host: Host) -> None:
    state = get_state(host.app)
    make_campaign(host.app)
    first, second = make_signatures(host.app, "ann-example", 2)
    ring = Keyring([generate_key(), state.config.encryption_keys[0]], INDEX_KEY)
    given = ring.seal_json({"first_name": "Pat"})
    people = select(Signature.id, Signature.person)
    before = read(host.app, lambda session: dict(session.execute(people).all()))[first]

    def rotate(session: Session) -> int:
        def change_the_first(sealed: str) -> Sealed | None:
            if sealed == before:
                session.execute(update(Signature).where(Signature.id == first).values(person=given))
            return Keyring.rotate(ring, sealed)

        meddled = Keyring([generate_key()], INDEX_KEY)
        meddled.rotate = change_the_first  # type: ignore[method-assign]
        done = 0
        place: Place | None = (0, None)
        while place is not None:
            turn = rotate_keys(session, meddled, place, 100)
            done, place = done + turn.changed, turn.after
        return done

    assert run(host.app, lambda unit: rotate(unit.session)) >= 2
    found = read(host.app, lambda session: dict(session.execute(people).all()))
    assert found[first] == given
    assert ring.rotate(found[second]) is None
