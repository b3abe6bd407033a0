from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.antiabuse.formtoken import FormAge, check, issue

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret of the app"
FORM = "sign:AU:some-case"


def _check(token: str | None, after: float, *, form: str = FORM, secret: str = SECRET) -> FormAge:
    return check(secret, token, form, NOW + timedelta(seconds=after), 3, 43_200)


@pytest.mark.parametrize(
    ("after", "status", "too_fast"),
    [
        (0, "ok", True),
        (2.9, "ok", True),
        (3, "ok", False),
        (43_200, "ok", False),
        (43_201, "expired", False),
        (-5, "ok", True),
        (-120, "invalid", False),
    ],
)
def test_age(after: float, status: str, too_fast: bool) -> None:
    age = _check(issue(SECRET, FORM, NOW), after)
    assert (age.status, age.too_fast) == (status, too_fast)


def test_seconds_are_told() -> None:
    assert _check(issue(SECRET, FORM, NOW), 10).seconds == pytest.approx(10)
    assert _check(issue(SECRET, FORM, NOW), -5).seconds == 0


@pytest.mark.parametrize("token", ["", None])
def test_missing(token: str | None) -> None:
    assert _check(token, 10) == FormAge("missing")


def test_other_form_other_secret() -> None:
    token = issue(SECRET, FORM, NOW)
    assert _check(token, 10, form="sign:AU:another").status == "invalid"
    assert _check(token, 10, secret="another").status == "invalid"


def test_the_time_cannot_be_moved_into_another_part() -> None:
    token = issue(SECRET, "x\nsign", NOW)
    assert _check(token, 10, form="sign").status == "invalid"


@pytest.mark.parametrize("token", [".", "..", "a.b.c", "é.b.c", "x" * 10_000, "0.n.", "\x00", "-1.a.b"])
def test_garbage(token: str) -> None:
    assert _check(token, 10) == FormAge("invalid")


def test_tokens_differ() -> None:
    assert issue(SECRET, FORM, NOW) != issue(SECRET, FORM, NOW)


@given(st.text())
def test_never_raises(token: str) -> None:
    assert _check(token, 10).status in ("missing", "invalid")


@given(st.data())
def test_any_change_breaks_it(data: st.DataObject) -> None:
    token = issue(SECRET, FORM, NOW)
    position = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != token[position]))
    assert _check(token[:position] + char + token[position + 1 :], 10).status == "invalid"


def test_a_token_has_one_spelling() -> None:
    """Base64 has several for the same bytes: other letters for two of its own, and bits of the last that nobody reads."""
    token = next(made for number in range(1000) if {"-", "_"} <= set((made := issue(SECRET, str(number), NOW))[-43:]))
    form = next(str(number) for number in range(1000) if _check(token, 10, form=str(number)).status == "ok")
    body, _, signature = token.rpartition(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(signature[-1]) ^ 1]
    for other in (signature.replace("-", "+"), signature.replace("_", "/"), signature[:-1] + last, f"{signature}="):
        assert _check(f"{body}.{other}", 10, form=form).status == "invalid", other


@given(st.text(), st.text())
def test_bound_to_the_form(form: str, other: str) -> None:
    token = issue(SECRET, form, NOW)
    assert _check(token, 10, form=form).status == "ok"
    assert (_check(token, 10, form=other).status == "ok") is (form == other)
