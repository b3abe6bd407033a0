"""What is handed over of each signature: read as it stands now, and as it was frozen."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import FilesOutdated
from ...keyring import Keyring
from ...models import Consent, Delivery, DeliveryName, Signature
from ...sections import Section
from ...state import get_state
from ..people import consents
from ..people.names import full_name
from ..storage.unit_of_work import read
from .claim import COUNTED
from .merkle import leaf_hash

#: Names read in one go.
PIECE = 1000
#: What a spreadsheet would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = (Signature.id, Signature.person, Signature.withhold_name)


@dataclass(frozen=True)
class Entry:
    """One signature as it is handed over.

    :ivar withheld: it is counted, and its name is not said.
    :ivar values: what is said of it, by the names of the fields; of a withheld one its country alone, for the count.
    """

    signature_id: int
    withheld: bool
    values: dict[str, str]

    def leaf(self, key: bytes, number: int) -> bytes:
        """Its leaf of the Merkle tree.

        :param key: the delivery's, from :func:`salt_of`.
        :param number: its place in the delivery, from 1.
        """
        said: dict[str, Any] = {} if self.withheld else dict(self.values)
        return leaf_hash(leaf_data(salt_of(key, number), number, said))


def salt_of(key: bytes, number: int) -> str:
    """The salt of a leaf, 32 hex digits: without it nobody can try which name it is."""
    return hmac.digest(key, str(number).encode(), hashlib.sha256).hex()[:32]


def leaf_data(salt: str, number: int, values: dict[str, Any]) -> bytes:
    """What a leaf is the hash of: a JSON object with its keys in order, in UTF-8 without spaces between.

    :param values: what is printed of the signature; nothing where the name is withheld.
    """
    whole = {**values, "number": number, "salt": salt}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def entry_of(keyring: Keyring, section: Section, row: Any, fields: Sequence[str], *, agreed: bool = True) -> Entry:
    """What is handed over of a row: ``id person withhold_name``.

    :param agreed: the words that its signer agreed to say that the section's own questions are handed over.
    """
    person = keyring.open_json(row.person) if row.person else {}
    custom = person.get("custom") or {}
    country = str(custom.get("country") or "").strip().upper()
    known = {
        "name": " ".join(full_name(person).split()),
        "country": country if len(country) == 2 and country.isascii() and country.isalpha() else section.country,
    }
    own = {
        name: " ".join(str(custom.get(name) or "").split()) if agreed else "" for name in fields if name not in known
    }
    return Entry(row.id, bool(row.withhold_name), {name: known.get(name, own.get(name, "")) for name in fields})


def read_entries(
    session: Session, keyring: Keyring, section: Section, fields: Sequence[str], rows: Sequence[Any]
) -> list[Entry]:
    """What is handed over of some rows, in their order."""
    agreed = {row.id for row in rows}
    if set(fields) - {"name", "country"}:
        agreed = _agreed(session, section, agreed)
    return [entry_of(keyring, section, row, fields, agreed=row.id in agreed) for row in rows]


def _agreed(session: Session, section: Section, ids: set[int]) -> set[int]:
    """Who agreed to the words as they are now: older ones did not name what the section asks for itself."""
    now = [consents.question(section, consents.PETITION, locale).digest for locale in section.locales]
    rows = select(Consent.signature_id).where(
        Consent.signature_id.in_(ids),
        Consent.purpose == consents.PETITION,
        Consent.granted,
        Consent.text_digest.in_(now),
    )
    return set(session.scalars(rows))


def claimed(session: Session, delivery_id: int, *, withheld: bool, after: int, limit: int = PIECE) -> Sequence[Any]:
    """Some of a delivery's signatures that count now, in the order of ids.

    :param after: the id of the last that was read.
    """
    rows = (
        select(*_COLUMNS)
        .join(DeliveryName, DeliveryName.signature_id == Signature.id)
        .where(
            DeliveryName.delivery_id == delivery_id,
            COUNTED,
            Signature.withhold_name.is_(withheld),
            Signature.id > after,
        )
        .order_by(Signature.id)
        .limit(limit)
    )
    return session.execute(rows).all()


def frozen(app: Any, section: Section, delivery: Delivery, first: int, last: int) -> Iterator[tuple[int, Entry]]:
    """The names of a delivery as they were frozen, from one number to another, a piece at a time.

    :yields: number and entry.
    :raises FilesOutdated: somebody left since, or is called otherwise: files of it would not be what is certified.
    """
    keyring = get_state(app).keyring
    key = bytes.fromhex(keyring.open(delivery.salt)) if delivery.salt else b""
    number = first
    while number <= last:
        until = min(last, number + PIECE - 1)
        one_piece: Callable[[Session], list[tuple[int, bytes, Entry]]] = partial(
            _frozen_piece, keyring=keyring, section=section, delivery=delivery, first=number, last=until
        )
        found = read(app, one_piece)
        if not key or [row[0] for row in found] != list(range(number, until + 1)):
            raise FilesOutdated(delivery.public_id)
        for place, leaf, entry in found:
            if entry.leaf(key, place) != leaf:
                raise FilesOutdated(delivery.public_id)
            yield place, entry
        number = until + 1


def _frozen_piece(
    session: Session, *, keyring: Keyring, section: Section, delivery: Delivery, first: int, last: int
) -> list[tuple[int, bytes, Entry]]:
    rows = session.execute(
        select(*_COLUMNS, DeliveryName.number, DeliveryName.leaf)
        .join(DeliveryName, DeliveryName.signature_id == Signature.id)
        .where(DeliveryName.delivery_id == delivery.id, DeliveryName.number.between(first, last), COUNTED)
        .order_by(DeliveryName.number)
    ).all()
    entries = read_entries(session, keyring, section, delivery.fields, rows)
    return [(int(row.number or 0), bytes(row.leaf or b""), one) for row, one in zip(rows, entries, strict=True)]


def csv_line(cells: Sequence[object]) -> str:
    """A line of ``names.csv``. No cell can be taken for a formula by a spreadsheet."""
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if str(cell).startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue()


def csv_header(fields: Sequence[str]) -> str:
    """The first line of ``names.csv``."""
    return csv_line(["number", *fields])


def csv_entry(number: int, entry: Entry, fields: Sequence[str]) -> str:
    """The line of a name."""
    return csv_line([number, *(entry.values[name] for name in fields)])
