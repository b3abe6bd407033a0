"""A section follows the centre's feed: what takes a case away is done at once, and all else waits for a person."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...config_rollup import StatusFeed
from ...models import Case, FeedEntry, Witness
from ...seam import Tools
from ...sections import Section
from ...signals import case_changed
from ...state import get_state
from ..audit import record as audit
from ..campaign.status import case_urls, change_case_status, statuses
from ..mail import outbox as mail_outbox
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_new, upsert
from ..webhooks.call import NotTaken, fetch
from .documents import MOST_BYTES, Refused
from .feed import FEED, FEED_ROOT, read_feed
from .keys import note

log = logging.getLogger("flask_w4r.rollup")
#: Seconds between two looks at the feed.
EVERY = 300.0
#: Who acts, as the log names it.
ACTOR = "feed"
#: The mail that tells the desk.
MAIL = "feed_news"
#: How much a status takes away. What takes away more, or as much, is done at once; to give back is for a person.
RESTRICTS: Mapping[str, int] = {"active": 0, "closed": 1, "freed": 1, "withdrawn": 2}


@dataclass(frozen=True)
class News:
    """What an entry came to in one section.

    :ivar state: ``applied`` or ``waiting``.
    :ivar changed: whether a page differs now.
    """

    id: int
    state: str
    changed: bool


def pull(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Ask for the feed and follow it. Returns how many entries were ``applied``, wait (``waiting``), or that the feed was
    ``refused`` or ``away``."""
    state = get_state(app)
    feed = state.config.status_feed
    if feed is None:
        return {}
    try:
        document = _read(app, feed, fetch(feed.url, allow_private=feed.allow_private, most=MOST_BYTES))
    except NotTaken as error:
        log.warning("the status feed cannot be had: %s", error.text)
        run(app, partial(_failed, problem=f"away: {error.text}"))
        return {"away": 1}
    except Refused as error:
        log.error("the status feed is refused (%s): nothing of it is followed", error.why)
        run(app, partial(_failed, problem=f"{error.why}: {error}"))
        return {"refused": 1}
    done = {"applied": 0, "waiting": 0}
    links = tools.absolute if tools is not None else None
    wanted = read(app, partial(_wanted, sections=tuple(state.sections), entries=document["entries"]))
    for code, (new, gone) in wanted.items():
        for one in run(app, partial(follow, section=state.sections[code], entries=new, gone=gone, links=links)):
            done[one.state] += 1
    run(app, partial(_followed, feed=feed, document=document))
    return done


def _read(app: Any, feed: StatusFeed, data: bytes) -> dict[str, Any]:
    now = get_state(app).clock()

    def look(session: Session) -> dict[str, Any]:
        return read_feed(data, feed, session.get(Witness, FEED), session.get(Witness, FEED_ROOT), now=now)

    return read(app, look)


def _failed(work: UnitOfWork, problem: str) -> None:
    session, now = work.session, work.state.clock()
    told = {"tried_at": now, "problem": problem[:200]}
    # Where it was never there, it is missed from now on.
    first = {"name": FEED, "sequence": 0, "digest": "", "expires": None, "seen_at": now, **told}
    upsert(session, Witness.__table__, first, ["name"], told)


def _followed(work: UnitOfWork, feed: StatusFeed, document: Mapping[str, Any]) -> None:
    session, now = work.session, work.state.clock()
    # Another worker may have followed a newer one meanwhile.
    row = session.get(Witness, FEED, with_for_update=True, populate_existing=True)
    if row is not None and row.sequence > document["sequence"]:
        return
    note(session, FEED, document, now=now)
    if feed.root is not None and document["keys"] is not None:
        note(session, FEED_ROOT, document["keys"], now=now)


Wanted = tuple[Sequence[Mapping[str, Any]], Collection[str]]


def _wanted(session: Session, sections: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Wanted]:
    """By section entries about cases that it has and which it does not know yet; and names of those that wait there and were
    taken back. All sections are asked about together.

    :param sections: their codes.
    """
    known: dict[tuple[str, str], str] = {
        (row.section, row.name): row.state
        for row in session.execute(
            select(FeedEntry.section, FeedEntry.name, FeedEntry.state).where(FeedEntry.section.in_(sections))
        )
    }
    slugs = {entry["slug"] for entry in entries}
    asked = select(Case.section, Case.slug).where(Case.section.in_(sections), Case.slug.in_(slugs)).distinct()
    cases = {(row.section, row.slug) for row in session.execute(asked)} if slugs else set()
    there = {entry["id"] for entry in entries}
    found: dict[str, Wanted] = {}
    for code in sections:
        new = [one for one in entries if (code, one["id"]) not in known and (code, one["slug"]) in cases]
        gone = [
            name for (section, name), state in known.items()
            if section == code and state == "waiting" and name not in there
        ]  # fmt: skip
        if new or gone:
            found[code] = (new, gone)
    return found


def follow(
    work: UnitOfWork, section: Section, entries: Sequence[Mapping[str, Any]], gone: Collection[str], links: Any
) -> list[News]:
    """Do what new entries ask for, in their order, or have them wait; the desk is told of both.

    :param entries: about cases that the section has.
    :param gone: names of entries that wait here and are in the feed no more.
    :param links: ``(section) -> absolute``, for the URLs that a change concerns; see ``campaign.status.case_urls``.
    """
    session, now = work.session, work.state.clock()
    if gone:
        mine = (FeedEntry.section == section.code, FeedEntry.name.in_(gone), FeedEntry.state == "waiting")
        execute(session, delete(FeedEntry).where(*mine))
    news, log_lines = [], []
    for entry in entries:
        before = statuses(session, section, entry["slug"])
        applies = _is_restrictive(session, section, entry)
        row_id = insert_new(
            session, FeedEntry.__table__, _values(section, entry, "applied" if applies else "waiting", now)
        )
        if row_id is None:
            # Another worker was quicker.
            continue
        changed: list[int] = []
        if applies:
            changed = change_status(work, section, entry["slug"], entry["change"], links)
        if changed:
            log_lines.append((entry, before, len(changed)))
        news.append(News(row_id, "applied" if applies else "waiting", bool(changed)))
    if any(one.changed or one.state == "waiting" for one in news) and section.desk_email:
        _tell(work, section, [one.id for one in news if one.changed or one.state == "waiting"], now)
    for entry, before, count in log_lines:
        changes = {"status": [before, entry["change"]], "entry": [None, entry["id"]]}
        audit.append(
            session, work.state.keyring, section, ACTOR, "case_status", f"case:{entry['slug']}", changes=changes,
            count=count, now=now,
        )  # fmt: skip
    return news


def change_status(work: UnitOfWork, section: Section, slug: str, status: str, links: Any) -> list[int]:
    """Set a case's status, and tell what listens."""
    changed = change_case_status(work.session, section, slug, status, now=work.state.clock())
    if changed:
        tell_changed(work, section, slug, status, changed, links)
    return changed


def tell_changed(work: UnitOfWork, section: Section, slug: str, status: str, case_ids: list[int], links: Any) -> None:
    """Send the signal that pages of a case differ."""
    absolute = links(section) if links is not None else lambda *names, **values: None
    urls = case_urls(work.session, section, slug, absolute, work.state.seam.urls)
    work.emit(case_changed, section=section.code, slug=slug, status=status, case_ids=case_ids, urls=urls)


def _is_restrictive(session: Session, section: Section, entry: Mapping[str, Any]) -> bool:
    wanted = RESTRICTS.get(entry["change"], 0)
    if not wanted:
        return False
    have = session.scalars(select(Case.status).where(Case.section == section.code, Case.slug == entry["slug"]))
    return all(RESTRICTS[status] <= wanted for status in have)


def _values(section: Section, entry: Mapping[str, Any], state: str, now: datetime) -> dict[str, Any]:
    return {
        "section": section.code, "name": entry["id"], "edition": entry["edition"], "slug": entry["slug"],
        "change": entry["change"], "happened_on": date.fromisoformat(entry["on"]), "source": entry["source"],
        "brings": {"texts": entry["texts"], "target": entry["target"]}, "state": state, "taken_at": now,
    }  # fmt: skip


def _tell(work: UnitOfWork, section: Section, ids: Sequence[int], now: datetime) -> None:
    values = mail_outbox.outbox_values(
        work.state.keyring, section, MAIL, section.default_locale, section.desk_email or "", {"entries": list(ids)},
        now=now, cap_index=None, cap_day=None, dedupe=None,
    )  # fmt: skip
    mail_outbox.enqueue(work.session, values)
