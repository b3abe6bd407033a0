"""Links in mails: made, looked up, revoked, and swept away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from cryptography.fernet import InvalidToken
from sqlalchemy import CursorResult, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from ...errors import TokenInvalid, insist
from ...keyring import hash_token, new_token, token_box
from ...models import Token
from ...seam import Sweep

#: No genuine token is longer; a longer one is not worth hashing.
_LONGEST = 200
_TABLE: Any = Token.__table__
# The same object each time: making a statement costs as much as running it.
_FIND = select(_TABLE.c.id, _TABLE.c.payload, _TABLE.c.expires_at, _TABLE.c.revoked_at).where(
    _TABLE.c.token_hash == bindparam("hash"),
    _TABLE.c.section == bindparam("section"),
    _TABLE.c.purpose == bindparam("purpose"),
)


@dataclass(frozen=True)
class TokenView:
    """A genuine token and what it stands for. Whether it still holds is for the caller to judge."""

    id: int
    payload: list[Any]
    expired: bool
    revoked_at: datetime | None

    @property
    def revoked(self) -> bool:
        """Whether it was ended before its time."""
        return self.revoked_at is not None


def issue(
    session: Session, section_code: str, purpose: str, payload: Sequence[Any], *, now: datetime, days: float
) -> str:
    """Make a token for one purpose.

    What it stands for is encrypted under the token itself, so the database alone cannot tell what a link is for.

    :param section_code: the section whose pages take it.
    :param purpose: what it is good for, such as ``confirm``; it works for nothing else.
    :param payload: a JSON list, given back by :func:`find`.
    :param now: the moment it is made.
    :param days: how long it holds.
    :returns: the token, which is stored nowhere.
    """
    return issue_all(session, [(section_code, purpose, payload)], now=now, days=days)[0]


def issue_all(
    session: Session, asked: Sequence[tuple[str, str, Sequence[Any]]], *, now: datetime, days: float
) -> list[str]:
    """Make many tokens in one statement; see :func:`issue`.

    :param asked: section code, purpose and payload of each.
    :returns: the tokens in that order.
    """
    insist(days > 0, "days", "be more than nought")
    made = [new_token() for _ in asked]
    rows = [
        {
            "section": section_code,
            "purpose": purpose,
            "token_hash": hash_token(raw),
            "payload": token_box(raw).encrypt(json.dumps(list(payload), separators=(",", ":")).encode()).decode(),
            "created_at": now,
            "expires_at": now + timedelta(days=days),
        }
        for raw, (section_code, purpose, payload) in zip(made, asked, strict=True)
    ]
    if rows:
        session.execute(insert(Token), rows)
    return made


def find(session: Session, section_code: str, purpose: str, raw: str, *, now: datetime) -> TokenView:
    """Look a token up.

    :param section_code: the section whose page was asked.
    :param purpose: what it should be good for.
    :param raw: the token, as it came.
    :param now: the moment to judge its age by.
    :returns: the token, be it expired or revoked.
    :raises TokenInvalid: there is no such token, or it is for another purpose or section.
    """
    if not raw.isascii() or not 0 < len(raw) <= _LONGEST:
        raise TokenInvalid("no such token")
    values = {"hash": hash_token(raw), "section": section_code, "purpose": purpose}
    row = session.connection().execute(_FIND, values).first()
    if row is None:
        raise TokenInvalid("no such token")
    if not row.payload:
        return TokenView(row.id, [], True, row.revoked_at)
    try:
        payload = json.loads(token_box(raw).decrypt(row.payload.encode()))
    except InvalidToken as error:
        raise TokenInvalid("the stored token is damaged") from error
    return TokenView(row.id, payload, row.expires_at <= now, row.revoked_at)


def revoke(session: Session, token_id: int, *, now: datetime) -> bool:
    """End a token. Returns whether it was alive."""
    statement = update(Token).where(Token.id == token_id, Token.revoked_at.is_(None)).values(revoked_at=now)
    return _touch(session, statement) > 0


def is_alive(session: Session, section_code: str, purpose: str, token_id: int) -> bool:
    """Whether a token that was found before was not ended since."""
    mine = (Token.id == token_id, Token.section == section_code, Token.purpose == purpose)
    return session.scalar(select(Token.id).where(*mine, Token.revoked_at.is_(None))) is not None


def empty(session: Session, token_id: int, *, now: datetime) -> None:
    """End a token and wipe what it stands for: all that it says from then on is when."""
    _touch(session, update(Token).where(Token.id == token_id).values(revoked_at=now, payload=""))


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Delete tokens that are over. Returns how many went."""
    return _touch(session, delete(Token).where(Token.id.in_(ids)))


def _touch(session: Session, statement: Any) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
