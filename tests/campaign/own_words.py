"""The desk's page of a case's texts, read as a browser reads it, and what is stored of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from sqlalchemy import select

from flask_w4r.models import Case, CaseText
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from tests.conftest import Host

PAGE = "/au/moderation/cases/ann-example/texts"
PUBLIC = "/au/cases/ann-example"


def boxes(page: Any) -> dict[str, str]:
    """What the page's form would send: the boxes and what they were."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.open: str | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            name = values.get("name") or ""
            if tag == "textarea":
                self.open, self.found[name] = name, ""
            elif tag == "input" and name.startswith("was-"):
                self.found[name] = values.get("value") or ""

        def handle_data(self, data: str) -> None:
            if self.open:
                self.found[self.open] += data

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea" and self.open:
                # HTML drops the line end right after the tag.
                self.found[self.open] = self.found[self.open].removeprefix("\n")
                self.open = None

    reader = Reader()
    reader.feed(page.text)
    return reader.found


def centre_says(host: Host, field: str, text: str | None) -> None:
    def work(uow: UnitOfWork) -> None:
        row = uow.session.scalars(
            select(CaseText).join(Case, Case.id == CaseText.case_id).where(CaseText.field == field)
        ).one()
        row.centre_base = text

    run(host.app, work)


def stored(host: Host, field: str = "title") -> Any:
    rows = host.rows("SELECT local, seen_base FROM w4r_case_text WHERE field = :field", field=field)
    return tuple(rows[0]) if rows else None
