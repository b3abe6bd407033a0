"""What staff take away of petitions: who signed, and who asked for the newsletter. By sets and in the order of ids."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DateTime, Text, bindparam, exists, or_, select, true, type_coerce
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Consent, ConsentText, Edition, Signature
from ...seam import Export, ExportAsk, moment
from ...sections import Section
from ..people.consents import NEWSLETTER
from .subscribers import SOURCE

#: Rows of a piece.
PIECE = 2000
_PERSON = ("first_name", "last_name", "email", "phone", "postcode")
_SIGNATURE: Any = Signature.__table__
_CONSENT: Any = Consent.__table__
_WORDS: Any = ConsentText.__table__
# A million times what the columns' own types do around a value is of no use here: we open it ourselves, and write it as text.
_SEALED = type_coerce(_SIGNATURE.c.person, Text).label("person")


def signature_columns(section: Section) -> list[str]:
    """The names of the columns, in their order; the section's own questions among them."""
    own = [item.name for item in section.custom_fields]
    kept = ["locale", "newsletter", "withhold_name", "signed_at", "confirmed_at", "delivered_at"]
    return ["case", "edition", *_PERSON, *own, *kept]


def signatures(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Signatures that count, oldest first; see ``seam.Export``.

    Of somebody who asked that the name be kept back, nothing that tells who they are.
    """
    cases = _cases(session, ask)
    # A statement that is the same each time is compiled once.
    statement = _OF_CASES if ask.case is not None else _ALL
    if ask.since is not None:
        statement = statement.where(
            _SIGNATURE.c.confirmed_at >= bindparam("since", type_=_SIGNATURE.c.confirmed_at.type)
        )
    values = {"section": ask.section.code, "after": place or 0, "cases": list(cases) or [0], "since": ask.since}
    found = session.connection().execute(statement, {name: values[name] for name in _params(ask)}).all()
    custom = [item.name for item in ask.section.custom_fields]
    width = len(_PERSON) + len(custom)
    nothing: list[Any] = [None] * width
    open_json = keyring.open_json
    rows = []
    for _, case_id, person, withheld, newsletter, locale, created, confirmed, delivered in found:
        if withheld and not ask.withheld:
            told = nothing
        else:
            details = open_json(person)
            told = [details.get(name) for name in _PERSON]
            if custom:
                own = details.get("custom") or {}
                told += [own.get(name) for name in custom]
        slug, edition = cases[case_id]
        rows.append(
            (slug, edition, *told, locale, newsletter, withheld, moment(created), moment(confirmed), moment(delivered))
        )
    return rows, found[-1].id if len(found) == PIECE else None


def _params(ask: ExportAsk) -> list[str]:
    return [
        "section", "after", *(("cases",) if ask.case is not None else ()), *(("since",) if ask.since is not None else ()),
    ]  # fmt: skip


_ALL = (
    select(
        _SIGNATURE.c.id, _SIGNATURE.c.case_id, _SEALED, _SIGNATURE.c.withhold_name, _SIGNATURE.c.newsletter,
        _SIGNATURE.c.locale,
        *(type_coerce(_SIGNATURE.c[name], DateTime).label(name) for name in ("created_at", "confirmed_at", "delivered_at")),
    )
    .where(
        _SIGNATURE.c.section == bindparam("section"),
        _SIGNATURE.c.held_at.is_(None),
        _SIGNATURE.c.id > bindparam("after"),
        _SIGNATURE.c.state == "confirmed",
        _SIGNATURE.c.person.is_not(None),
    )
    .order_by(_SIGNATURE.c.id)
    .limit(PIECE)
)  # fmt: skip
_OF_CASES = _ALL.where(_SIGNATURE.c.case_id.in_(bindparam("cases", expanding=True)))


def _cases(session: Session, ask: ExportAsk) -> dict[int, tuple[str, str]]:
    """Slugs and editions of the section's cases, or of the one that is asked about in all its editions.

    :raises NotFound: there is none of that name.
    """
    query = (
        select(Case.id, Case.slug, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == ask.section.code, true() if ask.case is None else Case.slug == ask.case)
    )
    found = {row.id: (row.slug, row.year) for row in session.execute(query)}
    if ask.case is not None and not found:
        raise NotFound(f"there is no case {ask.case!r}")
    return found


SUBSCRIBER_COLUMNS = (
    "email", "first_name", "last_name", "locale", "state", "at", "consent_version", "consent_text", "consent_digest", "source",
)  # fmt: skip


def subscribers(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Each yes to the newsletter whose mailbox was proved, and each later no of the same signature, in the order they were
    given: of an address the last row holds; see ``seam.Export``."""
    statement = _ANSWERS
    values: dict[str, Any] = {"section": ask.section.code, "after": place or 0}
    if ask.since is not None:
        statement = _ANSWERS_SINCE
        values["since"] = ask.since
    found = session.connection().execute(statement, values).all()
    rows = []
    for _, person, withheld, locale, granted, given, digest, version, text in found:
        details = keyring.open_json(person)
        if not details.get("email"):
            continue
        names = (None, None) if withheld and not ask.withheld else (details.get("first_name"), details.get("last_name"))
        state = "subscribed" if granted else "withdrawn"
        rows.append(
            (details["email"], *names, locale, state, moment(given), version, text, bytes(digest).hex(), SOURCE)
        )
    return rows, found[-1].id if len(found) == PIECE else None


_earlier = _CONSENT.alias()
_ANSWERS = (
    select(
        _CONSENT.c.id, _SEALED, _SIGNATURE.c.withhold_name, _SIGNATURE.c.locale, _CONSENT.c.granted, _CONSENT.c.given_at,
        _CONSENT.c.text_digest, _WORDS.c.version, _WORDS.c.text,
    )
    .join(_SIGNATURE, _SIGNATURE.c.id == _CONSENT.c.signature_id)
    .outerjoin(_WORDS, _WORDS.c.digest == _CONSENT.c.text_digest)
    .where(
        _CONSENT.c.id > bindparam("after"),
        _CONSENT.c.purpose == NEWSLETTER,
        _SIGNATURE.c.section == bindparam("section"),
        _SIGNATURE.c.state == "confirmed",
        _SIGNATURE.c.held_at.is_(None),
        _SIGNATURE.c.person.is_not(None),
        # Whoever never said yes is nobody's business.
        or_(
            _CONSENT.c.granted,
            exists().where(
                _earlier.c.signature_id == _CONSENT.c.signature_id, _earlier.c.purpose == NEWSLETTER, _earlier.c.granted,
                _earlier.c.id < _CONSENT.c.id,
            ),
        ),
    )
    .order_by(_CONSENT.c.id)
    .limit(PIECE)
)  # fmt: skip
# A yes that was given before counts from when it was confirmed, or released.
_moment = _CONSENT.c.given_at.type
_since = bindparam("since", type_=_moment)
_ANSWERS_SINCE = _ANSWERS.where(
    or_(_CONSENT.c.given_at >= _since, _SIGNATURE.c.confirmed_at >= _since, _SIGNATURE.c.released_at >= _since)
)

EXPORTS = (
    Export(
        "signatures", lazy_gettext("Signatures that count"), signature_columns, signatures,
        heeds=("case", "since", "withheld"),
    ),
    Export(
        "subscribers", lazy_gettext("People who asked for the newsletter, and who want it no more"),
        lambda section: SUBSCRIBER_COLUMNS, subscribers, heeds=("since", "withheld"),
    ),
)  # fmt: skip
