"""What is looked for among events, as URL arguments say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ...i18n import plain_digits, read_number
from ...topics import EVENT_KINDS

#: Nobody turns so many pages; who does is not a reader.
MAX_PAGE = 1000
DISTANCES = (10, 25, 50, 100, 250)
USUAL_KM = 50
MAX_KM = 1000


@dataclass(frozen=True)
class EventQuery:
    """What is looked for. ``faults`` names what was asked but cannot be read; it is then left out of the search."""

    near: str = ""
    km: int = USUAL_KM
    since: date | None = None
    until: date | None = None
    kind: str = ""
    online: bool = False
    case: str = ""
    page: int = 1
    faults: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.near or self.since or self.until or self.kind or self.online or self.case)

    def args(self, **changes: Any) -> dict[str, Any]:
        """The query as URL arguments, without what is usual.

        :param changes: other values of this class, such as ``page=2``.
        """
        query = replace(self, **changes)
        found = {
            "near": query.near,
            "km": query.km if query.near and query.km != USUAL_KM else "",
            "from": query.since.isoformat() if query.since else "",
            "to": query.until.isoformat() if query.until else "",
            "kind": query.kind,
            "online": "1" if query.online else "",
            "case": query.case,
            "page": query.page if query.page > 1 else "",
        }
        return {name: value for name, value in found.items() if value}


def read_query(args: Mapping[str, str]) -> EventQuery:
    """Read a search from URL arguments, whatever they hold.

    :param args: ``near km from to kind online case page``, all optional.
    """
    faults = []

    def whole(name: str, usual: int, most: int) -> int:
        text = args.get(name, "").strip()
        if not text:
            return usual
        found = read_number(text, 0, 999_999)
        if found is None:
            faults.append(name)
            return usual
        return max(1, min(found, most))

    def day(name: str) -> date | None:
        text = plain_digits(args.get(name, "")[:50]).strip()
        try:
            found = date.fromisoformat(text) if text else None
        except ValueError:
            found = None
        # A day before or after has to be a day too.
        if text and (found is None or not 1900 <= found.year <= 9000):
            faults.append(name)
            return None
        return found

    kind = args.get("kind", "").strip()
    if kind and kind not in EVENT_KINDS:
        faults.append("kind")
        kind = ""
    since, until = day("from"), day("to")
    if since and until and since > until:
        since, until = until, since
    return EventQuery(
        near=" ".join(args.get("near", "")[:200].replace("\0", "").split()),
        km=whole("km", USUAL_KM, MAX_KM),
        since=since,
        until=until,
        kind=kind,
        online=args.get("online", "") in ("1", "y", "yes", "on", "true"),
        case=args.get("case", "")[:100].replace("\0", "").strip(),
        page=whole("page", 1, MAX_PAGE),
        faults=tuple(faults),
    )
