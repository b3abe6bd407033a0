"""PostgreSQL: one case signed in one statement, a transaction of its own.

What :func:`~flask_w4r.services.petitions.signing.sign` writes for any database and any number of cases, and by the same rules,
in one round trip: the used proof, the signature, the consents and the mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, and_, bindparam, insert, null, select, true, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from ...errors import CaseNotActive, ProofReplayed
from ...keyring import Keyring
from ...models import Case, Consent, OutboxMail, Signature, SpentProof
from ..mail import send as mail
from ..people.consents import consent_values
from ..storage.prepared import Prepared, is_known, prepare
from ..storage.unit_of_work import first_row
from .signing import SAME_PRESS, Signed, Signing
from .sql import postgres_upsert

_CONSENT_COLUMNS = ("purpose", "text_digest", "granted", "method")
_MAIL_COLUMNS = ("kind", "state", "recipient", "params", "cap_index", "dedupe", "message_id", "attempts")
#: Columns of consents and mail with the value of a column of the signature. The driver forgets how it read a statement
#: of more than 50 parameters or 4096 characters, which then costs as much as sending it.
_SAME_FOR_CONSENT = {"given_at": "created_at"}
_SAME_FOR_MAIL = {
    "section": "section", "locale": "locale", "cap_day": "net_day", "not_before": "created_at", "created_at": "created_at",
}  # fmt: skip
#: What a mail that replaces a waiting one leaves as it is.
_MAIL_KEPT = ("section", "kind", "dedupe", "created_at")


def fits(dialect: Dialect, signing: Signing) -> bool:
    """Whether :func:`sign_one` knows how: a mail is to be confirmed, and an address signs a case once."""
    return is_known(dialect) and not signing.at_once and not signing.section.shared_mailbox


def sign_one(engine: Engine, keyring: Keyring, signing: Signing, case_id: int) -> Signed:
    """Sign one case.

    :param engine: in autocommit mode.
    :returns: what was created.
    :raises CaseNotActive: the case takes no signatures (asked of the database, not of a cache).
    :raises ProofReplayed: the captcha solution was used before.
    """
    number = _send(engine, keyring, signing, case_id)
    held = signing.judgement.held
    if number is not None:
        return Signed((number,), (), held)
    # A moment later: a press that ours waited for can be seen now.
    email = signing.email_index(keyring, case_id)
    with engine.connect() as connection:
        if _standing(connection, signing.section.code, case_id, email) == "confirmed":
            with Session(connection) as session:
                mail.enqueue(session, signing.mail_values(keyring, "already_signed", [case_id]), replace=False)
                session.commit()
    return Signed((), (), held)


def _send(engine: Engine, keyring: Keyring, signing: Signing, case_id: int) -> int | None:
    """Send the statement. Returns the id of what was written, if anything was."""
    judgement, submission = signing.judgement, signing.submission
    sealed = keyring.seal_json(submission.person())
    values = signing.signature_values(keyring, case_id, sealed, held=judgement.held)
    values["stale"] = signing.now - SAME_PRESS
    letter = signing.mail_values(keyring, "confirm", [case_id])
    values.update({f"mail_{name}": letter[name] for name in _MAIL_COLUMNS})
    answers = consent_values(submission.consents, now=signing.now)
    for position, answer in enumerate(answers):
        values.update({f"{name}_{position}": answer[name] for name in _CONSENT_COLUMNS})
    if judgement.proof is not None:
        values.update(proof_digest=judgement.proof, proof_expires_at=judgement.proof_expires_at)
    statement = _prepared(engine.dialect, judgement.proof is not None, len(answers))
    number, is_fresh = first_row(engine, statement.sql, statement.fill(values))
    if not is_fresh:
        raise ProofReplayed
    return None if number is None else int(number)


def _standing(connection: Connection, section: str, case_id: int, email_index: bytes | None) -> str | None:
    """The state of the signature in the way, on a case that takes signatures."""
    same = and_(Signature.case_id == Case.id, Signature.email_index == email_index, Signature.slot == 0)
    query = select(Case.status, Signature.state).outerjoin(Signature, same)
    row = connection.execute(query.where(Case.id == case_id, Case.section == section)).first()
    if row is None or row[0] != "active":
        raise CaseNotActive
    state: str | None = row[1]
    return state


@lru_cache(maxsize=32)
def _prepared(dialect: Dialect, with_proof: bool, answers: int) -> Prepared:
    found = prepare(_statement(with_proof, answers), dialect)
    # Nobody reads the labels that a SELECT for an INSERT gets, and they make the text too long to be remembered.
    return found._replace(sql=re.sub(r" AS anon_\d+", "", found.sql))


def _statement(with_proof: bool, answers: int) -> Any:
    proof = _proof() if with_proof else None
    signature = postgres_upsert(*([select(proof.c.digest).exists()] if proof is not None else [])).cte("signature")
    number = select(signature.c.id).scalar_subquery()
    is_fresh = true() if proof is None else select(proof.c.digest).exists()
    parts = [_mail(signature)]
    if answers:
        parts.append(_consents(signature, answers))
    return select(number, is_fresh).add_cte(*parts)


def _values(table: Any, names: Mapping[str, str]) -> list[Any]:
    return [bindparam(bind, type_=table.c[column].type) for column, bind in names.items()]


def _proof() -> Any:
    table: Any = SpentProof.__table__
    row = {name: bindparam(f"proof_{name}", type_=table.c[name].type) for name in ("digest", "expires_at")}
    return postgresql.insert(table).values(row).on_conflict_do_nothing().returning(table.c.digest).cte("proof")


def _consents(signature: Any, answers: int) -> Any:
    table: Any = Consent.__table__
    names = [
        {**{name: f"{name}_{position}" for name in _CONSENT_COLUMNS}, **_SAME_FOR_CONSENT}
        for position in range(answers)
    ]
    rows = union_all(*(select(signature.c.id, *_values(table, own)) for own in names))
    return insert(table).from_select(["signature_id", *names[0]], rows).cte("answers")


def _mail(signature: Any) -> Any:
    table: Any = OutboxMail.__table__
    names = {**{name: f"mail_{name}" for name in _MAIL_COLUMNS}, **_SAME_FOR_MAIL}
    row = select(*_values(table, names)).select_from(signature)
    statement = postgresql.insert(table).from_select(list(names), row, include_defaults=False)
    # A mail that left has no ``dedupe`` any more, so the one in the way still waits: it is replaced, and were it just
    # being handed over, this one goes out after it.
    fresh = {name: statement.excluded[name] for name in names if name not in _MAIL_KEPT}
    released = {name: null() for name in ("claimed_by", "lease_until", "last_error")}
    return statement.on_conflict_do_update(index_elements=["dedupe"], set_={**fresh, **released}).cte("mail")
