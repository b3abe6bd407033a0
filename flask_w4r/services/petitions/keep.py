"""How long signatures are kept: those never confirmed, the networks of all, and names once they were handed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring, SealBroken
from ...models import Case, Consent, Edition, Signature
from ...seam import Retention, Sweep
from ..people.addresses import parse_address
from ..people.networks import first_day_kept
from ..storage import ages
from ..storage.rows import among, execute
from ..tally import counts as tally

#: What is personal of a signature. What stays says that somebody signed, when, and that it counts.
_NOBODY: dict[str, Any] = {
    "email_index": None, "details_index": None, "name_index": None, "person": None, "newsletter": False,
    "reasons": [], "mail_domain": None, "net_day": None, "net_host": None, "net_site": None, "net_block": None,
}  # fmt: skip
_NO_NETWORK = dict.fromkeys(("net_day", "net_host", "net_site", "net_block"))


def _old_networks(sweep: Sweep) -> Any:
    return and_(ages.mine(sweep, Signature.section), Signature.net_day < first_day_kept(sweep.now.date()))


def _forget_networks(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, update(Signature).where(Signature.id.in_(ids)).values(**_NO_NETWORK))


def _by_age(sweep: Sweep, name: str, column: Any) -> Any:
    return ages.over(sweep, name, Signature.section, lambda moment: column < moment)


def _pending(sweep: Sweep) -> Any:
    return and_(Signature.state == "pending", _by_age(sweep, "pending_days", Signature.updated_at))


def _delete_pending(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    # The lock kept a confirmation that came at this moment from being half deleted.
    execute(session, delete(Consent).where(Consent.signature_id.in_(ids)))
    return execute(session, delete(Signature).where(Signature.id.in_(ids), Signature.state == "pending"))


def _kept(sweep: Sweep) -> Any:
    """Confirmed signatures whose names are known still; the index begins with the case."""
    cases = select(Case.id).where(ages.mine(sweep, Case.section))
    return and_(Signature.case_id.in_(cases), Signature.let_go_at.is_(None), Signature.state == "confirmed")


def _delivered(sweep: Sweep) -> Any:
    return and_(_kept(sweep), _by_age(sweep, "delivered_days", Signature.delivered_at))


def _withheld(sweep: Sweep) -> Any:
    soon = _by_age(sweep, "withheld_days", Signature.delivered_at)
    return and_(_kept(sweep), Signature.withhold_name.is_(True), soon)


def _undelivered(sweep: Sweep) -> Any:
    def ended(moment: datetime) -> Any:
        # An edition ends with its last day, on the section's clock: a day more than that here.
        return Edition.ends_on < moment.date() - timedelta(days=1)

    old = ages.over(sweep, "undelivered_days", Edition.section, ended)
    cases = select(Case.id).join(Edition, Edition.id == Case.edition_id).where(old)
    # Who signed an edition after its end has as long.
    since = _by_age(sweep, "undelivered_days", Signature.created_at)
    return and_(_kept(sweep), Signature.delivered_at.is_(None), Signature.case_id.in_(cases), since)


def _invalid(sweep: Sweep) -> Any:
    old = _by_age(sweep, "invalid_days", Signature.updated_at)
    return and_(Signature.state == "invalid", Signature.let_go_at.is_(None), old)


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Signatures lose what is personal of them; those that count go on counting, and so does the number of people.

    :param ids: locked.
    :returns: how many.
    """
    rows = session.execute(
        select(Signature.id, Signature.case_id, Signature.person, Signature.state, Signature.held_at).where(
            among(session, Signature.id, ids), Signature.let_go_at.is_(None)
        )
    ).all()
    mine = [row.id for row in rows]
    if not mine:
        return 0
    execute(session, delete(Consent).where(among(session, Consent.signature_id, mine)))
    gone = update(Signature).where(among(session, Signature.id, mine))
    execute(session, gone.values(**_NOBODY, let_go_at=sweep.now, updated_at=sweep.now))
    # What the desk never released never counted, and cannot be judged any more.
    if held := [row.id for row in rows if row.held_at is not None]:
        waited = update(Signature).where(among(session, Signature.id, held))
        execute(session, waited.values(state="invalid", held_at=None, held_for=None))
    people: dict[int, list[str | None]] = defaultdict(list)
    for row in rows:
        if row.state == "confirmed" and row.held_at is None and row.person:
            people[row.case_id] += _address(sweep.keyring, row.person)
    cases = select(Case.id, Case.section, Case.edition_id).where(Case.id.in_(people))
    by_edition: dict[tuple[str, int], list[str | None]] = defaultdict(list)
    for case in session.execute(cases):
        by_edition[case.section, case.edition_id] += people[case.id]
    for (code, edition_id), canonicals in sorted(by_edition.items()):
        tally.only_count(session, sweep.keyring, code, edition_id, canonicals)
    return len(mine)


def _address(keyring: Keyring, sealed: str) -> list[str | None]:
    try:
        email = keyring.open_json(sealed).get("email")
    except SealBroken:
        # Whose it was cannot be told any more, and its keyed hash among the people stays; the number is right.
        return []
    return [parse_address(email, test_environment=True).canonical if email else None]


def _rule(
    name: str, keeps: Any, which: Callable[[Sweep], Any], go: ages.LetGo = let_go, along: Any = Signature.case_id
) -> Retention:
    # Signatures stay: a million that went before are passed over by an index alone.
    return ages.rule(name, keeps, Signature, which, go, along=along)


RULES = (
    _rule(
        "withheld_signatures",
        lazy_gettext(
            "names that signers asked to keep back: ``withheld_days`` after the signatures were handed over, then only counts"
        ),
        _withheld,
    ),
    _rule(
        "delivered_signatures",
        lazy_gettext("confirmed signatures: ``delivered_days`` after they were handed over, then only counts"),
        _delivered,
    ),
    _rule(
        "undelivered_signatures",
        lazy_gettext(
            "confirmed signatures that were never handed over: ``undelivered_days`` after the edition's end, then only counts"
        ),
        _undelivered,
    ),
    _rule(
        "invalid_signatures",
        lazy_gettext("signatures that were found invalid: ``invalid_days``, then only counts"),
        _invalid,
        along=Signature.updated_at,
    ),
    _rule(
        "pending_signatures",
        lazy_gettext("signatures whose email address was not confirmed: ``pending_days``"),
        _pending,
        _delete_pending,
        Signature.updated_at,
    ),
    _rule(
        "networks",
        lazy_gettext("where a signature came from, as hashes with a daily key: 14 days"),
        _old_networks,
        _forget_networks,
        Signature.net_day,
    ),
)
