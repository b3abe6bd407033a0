"""Receipts: once for each signature that was handed over, a mail that proves it without saying who signed.

A receipt holds a leaf of the Merkle tree and its path to the root, and the salt with which its owner alone can show that
the leaf is their name. They are written into the outbox in pieces; once all are, the salts and the leaves go.
"""

from __future__ import annotations

import base64
import binascii
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Delivery, DeliveryName, OutboxMail, Signature
from ...seam import Ask, MailKind, Tools
from ...sections import Section
from ...state import get_state
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..mail import outbox
from ..people.addresses import parse_address
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from . import merkle
from .claim import COUNTED, GIVEN, find
from .hand_over import forget_salts
from .names import salt_of

KIND = "delivery_receipt"
PIECE = 500
_VERSION = "w4r1."
#: Delivery, place from 0, number of leaves, salt, leaf; then the path.
_HEAD = struct.Struct(">8sII16s32s")
_LONGEST = _HEAD.size + 64 * 32


@dataclass(frozen=True)
class Receipt:
    """What proves that a signature is in a delivery.

    :ivar place: of its leaf, from 0.
    :ivar size: how many leaves there are.
    :ivar salt: 32 hex digits, from which and from what was printed the leaf is made.
    """

    delivery: str
    place: int
    size: int
    salt: str
    leaf: bytes
    path: Sequence[bytes]

    def packed(self) -> str:
        """As text, to be pasted."""
        head = _HEAD.pack(bytes.fromhex(self.delivery), self.place, self.size, bytes.fromhex(self.salt), self.leaf)
        return _VERSION + base64.urlsafe_b64encode(head + b"".join(self.path)).rstrip(b"=").decode()

    @classmethod
    def unpacked(cls, text: str) -> Receipt | None:
        """Read what :meth:`packed` made, however its lines were broken; ``None``: it is none."""
        plain = "".join(text[: 3 * _LONGEST].split())
        if not plain.startswith(_VERSION) or not plain.isascii():
            return None
        body = plain.removeprefix(_VERSION).rstrip("=")
        try:
            raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not _HEAD.size <= len(raw) <= _LONGEST or (len(raw) - _HEAD.size) % 32:
            return None
        delivery, place, size, salt, leaf = _HEAD.unpack_from(raw)
        path = [raw[at : at + 32] for at in range(_HEAD.size, len(raw), 32)]
        return cls(delivery.hex(), place, size, salt.hex(), leaf, path)


def check(session: Session, section: Section, public_id: str, text: str) -> str:
    """Whether a receipt proves what it says. Nothing of it is kept, and nobody is looked up.

    :param public_id: the delivery whose page was asked.
    :returns: ``included``, ``other`` (of another delivery), ``wrong``, or ``unreadable``.
    """
    receipt = Receipt.unpacked(text)
    if receipt is None:
        return "unreadable"
    if receipt.delivery != public_id:
        return "other"
    row = find(session, section, public_id)
    root = bytes.fromhex(row.root or "")
    right = receipt.size == row.count and merkle.is_included(
        receipt.leaf, receipt.place, receipt.size, receipt.path, root
    )
    return "included" if right else "wrong"


def _dues(session: Session, codes: Sequence[str]) -> Sequence[Delivery]:
    rows = select(Delivery).where(Delivery.section.in_(codes), GIVEN, Delivery.receipts_due).order_by(Delivery.id)
    return session.scalars(rows).all()


def is_due(session: Session, now: datetime) -> bool:
    """Whether any receipts wait to be written."""
    return session.execute(select(Delivery.id).where(Delivery.receipts_due, GIVEN).limit(1)).first() is not None


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Write the receipts that are due into the outbox: what the worker runs. Returns how many."""
    state, written = get_state(app), 0
    ends = time.monotonic() + tools.turn_seconds
    for row in read(app, lambda session: _dues(session, sorted(state.sections))):
        tree = merkle.Tree(read(app, partial(_leaves, delivery_id=row.id)))
        if tree.root.hex() != row.root:  # Another worker was quicker, and wiped them.
            continue
        section, over = state.sections[row.section], False
        while not over and not tools.stop.is_set() and time.monotonic() < ends:
            count, over = run(app, partial(_piece, section=section, public_id=row.public_id, tree=tree))
            written += count
    return {"receipts": written}


def _leaves(session: Session, *, delivery_id: int) -> list[bytes]:
    mine = select(DeliveryName.leaf).where(DeliveryName.delivery_id == delivery_id, DeliveryName.number.is_not(None))
    return [bytes(leaf or b"") for leaf in session.scalars(mine.order_by(DeliveryName.number))]


def _piece(work: UnitOfWork, *, section: Section, public_id: str, tree: merkle.Tree) -> tuple[int, bool]:
    """Write some: the rows, and how far it came, together or not at all. Returns how many, and whether it was the last."""
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    row = find(session, section, public_id, lock=True)
    if not row.receipts_due or row.salt is None or row.root != tree.root.hex():
        return 0, True
    first, last = row.receipts_after + 1, min(row.receipts_after + PIECE, row.count)
    names = session.execute(
        select(DeliveryName.number, Signature.id, Signature.person, Signature.locale, Signature.slot)
        .join(Signature, Signature.id == DeliveryName.signature_id)
        .where(DeliveryName.delivery_id == row.id, DeliveryName.number.between(first, last), COUNTED)
        .order_by(DeliveryName.number)
    ).all()
    key = bytes.fromhex(keyring.open(row.salt))
    rows = []
    for name in names:
        email = keyring.open_json(name.person).get("email") if name.person else None
        if email:
            place = int(name.number) - 1
            leaf = tree.levels[0][place]
            receipt = Receipt(public_id, place, row.count, salt_of(key, place + 1), leaf, tree.path(place))
            rows.append(_mail(keyring, section, row, name, email, receipt, now))
    outbox.enqueue_all(session, rows, replace=False)
    over = last >= row.count
    execute(session, update(Delivery).where(Delivery.id == row.id).values(receipts_after=last))
    if over:
        forget_salts(session, row.id)
    return len(rows), over


def _mail(
    keyring: Keyring, section: Section, row: Delivery, name: Any, email: str, receipt: Receipt, now: datetime
) -> dict[str, Any]:
    canonical = parse_address(email, test_environment=True).canonical
    locale = name.locale if name.locale in section.locales else section.default_locale
    params = {"delivery": row.public_id, "signature": name.id, "cases": [row.case_id], "receipt": receipt.packed()}
    return outbox.outbox_values(
        keyring, section, KIND, locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=_matter(keyring, section, row.public_id, canonical, name.slot),
    )  # fmt: skip


def _matter(keyring: Keyring, section: Section, public_id: str, canonical: str, slot: int) -> bytes:
    return keyring.blind(f"dedupe|{KIND}|{section.code}", f"{public_id}|{canonical}|{slot}")


def recall(session: Session, keyring: Keyring, section: Section, canonical: str, public_ids: Sequence[str]) -> int:
    """Wipe receipts for an address that still wait. Returns how many."""
    if not public_ids:
        return 0
    matters = [_matter(keyring, section, one, canonical, slot) for one in public_ids for slot in (0, 1)]
    waits = update(OutboxMail).where(OutboxMail.dedupe.in_(matters), OutboxMail.state.in_(("queued", "failed")))
    return execute(session, waits.values(state="dropped", recipient=None, params=None, dedupe=None))


def prepare(
    session: Session, keyring: Keyring, asks: Sequence[Ask], *, now: datetime, token_days: int
) -> list[Mapping[str, Any] | None]:
    """Drop those whose signer left since, or whose case was withdrawn; see ``seam.MailKind``."""
    ids = {ask.params["signature"] for ask in asks}
    there = set(
        session.scalars(
            select(Signature.id)
            .join(Case, Case.id == Signature.case_id)
            .where(Signature.id.in_(ids), Signature.state == "confirmed", Case.status != "withdrawn")
        )
    )
    return [
        {name: ask.params[name] for name in ("cases", "delivery", "receipt")}
        if ask.params["signature"] in there
        else None
        for ask in asks
    ]


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """What the mail says of its delivery, in its reader's language; see ``seam.MailKind``."""
    row = find(session, lens.section, context["delivery"])
    values = {
        "cases": cases_by_id(session, lens, context["cases"]), "recipients": row.recipients, "on": row.handed_over_on,
        "outcome": row.outcome, "count": row.count, "delivery_url": lens.link("delivery", id=row.public_id),
        "receipt_url": lens.link("receipt", id=row.public_id),
    }  # fmt: skip
    return values, ()


MAIL = MailKind(
    KIND,
    prepare,
    look_up,
    unasked=True,
    about_cases=True,
    words=lazy_gettext("Signatures handed over"),
    shares=lambda context: (context["delivery"], *context["cases"]),
)
