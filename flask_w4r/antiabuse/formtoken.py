"""The signed form token: proves when a form was handed out and for which form. Needs no storage.

The token holds a time and a nonce; the form's id is signed with them but not sent, so a token of one form is invalid
on any other.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from itsdangerous import Signer

SALT = "w4r-form"
#: Clocks of two servers may differ by this much.
_SKEW_SECONDS = 60.0
_LONGEST = 200

Status = Literal["ok", "missing", "expired", "invalid"]


@dataclass(frozen=True, slots=True)
class FormAge:
    """What a form token told. ``seconds`` is the form's age where it is known."""

    status: Status
    seconds: float | None = None
    too_fast: bool = False


_MISSING = FormAge("missing")
_INVALID = FormAge("invalid")


@functools.lru_cache(maxsize=16)
def _signer(secret: str | bytes) -> Signer:
    return Signer(secret, salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256)


def issue(secret: str | bytes, form_id: str, now: datetime) -> str:
    """Return a fresh token.

    :param secret: the app's secret key.
    :param form_id: which form, such as ``sign:AU:some-case``.
    :param now: the current time.
    """
    body = f"{int(now.timestamp() * 1000):x}.{secrets.token_urlsafe(9)}"
    return f"{body}.{_signer(secret).get_signature(_signed(body, form_id)).decode()}"


def check(
    secret: str | bytes, token: str | None, form_id: str, now: datetime, min_seconds: float, max_seconds: float
) -> FormAge:
    """Read a token. Never raises.

    :returns: ``missing`` without a token, ``invalid`` when it was not made here for this form, ``expired`` when it is
        older than ``max_seconds``; else ``ok``, with ``too_fast`` when the form came back before ``min_seconds``.
    """
    if not token:
        return _MISSING
    body, _, signature = token.rpartition(".")
    if len(token) > _LONGEST or not token.isascii() or not body:
        return _INVALID
    # Letter by letter: what decodes to the same bytes would be another spelling of the same token.
    if not hmac.compare_digest(_signer(secret).get_signature(_signed(body, form_id)), signature.encode()):
        return _INVALID
    seconds = now.timestamp() - int(body.partition(".")[0], 16) / 1000
    if seconds < -_SKEW_SECONDS:
        return _INVALID
    if seconds > max_seconds:
        return FormAge("expired", seconds)
    return FormAge("ok", max(seconds, 0.0), seconds < min_seconds)


def _signed(body: str, form_id: str) -> bytes:
    # The body's alphabet has no line break, so no other pair of body and form id gives these bytes.
    return f"{body}\n{form_id}".encode("utf-8", "backslashreplace")
