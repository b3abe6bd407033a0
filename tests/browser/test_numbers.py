"""Numbers at the desk in a browser: in both directions, narrow and wide; and the report in Arabic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flask_w4r.models import Case, Edition, Place, ShareCount
from flask_w4r.services.moderation.pulse import count
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import make_signatures
from tests.browser.conftest import Visitor
from tests.browser.test_rollup import LOOKS, Site
from tests.browser.test_rollup import centre as centre
from tests.letters.test_print import assert_tagged, keep_pictures

pytestmark = pytest.mark.browser
SLUGS = ("joel-paredes", "neth-nahara", "manahel-al-otaibi")


@pytest.fixture(scope="module")
def busy(centre: Site) -> Site:
    """Signatures of some days, links, and towns."""
    now = datetime.now(UTC)
    for section in ("AU", "MA"):
        for place, slug in enumerate(SLUGS):
            then = lambda n: now - timedelta(hours=3 * n)  # noqa: E731
            moments = {"created_at": then, "confirmed_at": then, "mail_domain": "gmail.com"}
            own = lambda n, slug=slug: f"{slug}{n}@example.org"  # noqa: E731
            make_signatures(
                centre.app,
                slug,
                30 - 12 * place,
                section=section,
                state="confirmed",
                newsletter=True,
                email=own,
                **moments,
            )
            other = lambda n, slug=slug: f"{slug}-p{n}@example.org"  # noqa: E731
            make_signatures(centre.app, slug, 5, section=section, email=other, **moments)

    def work(uow: Any) -> None:
        for edition in uow.session.query(Edition):
            edition.starts_on, edition.ends_on = now.date() - timedelta(days=6), now.date() + timedelta(days=20)
        cases = {row.section: row.id for row in uow.session.execute(_cases())}
        for code, land in (("AU", "AU"), ("MA", "MA")):
            for source, many in (("whatsapp", 120), ("qr", 44)):
                for kind, part in (("visit", 1), ("action", 5)):
                    uow.session.add(
                        ShareCount(
                            section=code, case_id=cases[code], day=now.date(), source=source, variant=0, kind=kind,
                            count=many // part,
                        )
                    )  # fmt: skip
            for number in range(1, 7):
                uow.session.add(
                    Place(
                        id=number + 100 * (land == "MA"), name=f"Town {number}", country=land, region="NSW", lat=-33.0,
                        lon=140.0 + number, population=1_000_000 // number, time_zone="UTC",
                    )
                )  # fmt: skip

    run(centre.app, work)
    count(centre.app, now, 120)
    centre.run("case", "status", SLUGS[1], "freed", "--section", "all")
    return centre


def _cases() -> Any:
    return select(Case.section, func.min(Case.id).label("id")).where(Case.slug == SLUGS[0]).group_by(Case.section)


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_the_numbers(busy: Site, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    visitor.page.goto(f"{busy.base}{prefix}/moderation/numbers")
    for summary in visitor.page.locator("#w4r-main summary").all():
        summary.press("Enter")
    assert visitor.axe() == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    visitor.shot(f"numbers_{prefix[1:]}_{width}_{scheme}")
    visitor.page.goto(f"{busy.base}{prefix}/moderation/cases/{SLUGS[1]}")
    visitor.page.locator("a[href$='/good-news']").press("Enter")
    visitor.page.locator("#w4r-main form button[type=submit]").press("Enter")
    visitor.page.locator("input[name=sure]").wait_for(state="attached")
    assert visitor.axe() == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    visitor.shot(f"good_news_{prefix[1:]}_{width}_{scheme}")
    assert visitor.complaints == []


def test_the_report_in_arabic(busy: Site, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    busy.run("tally", "report", "--section", "MA", "--pdf", str(path))
    assert_tagged(path.read_bytes(), "ar", lists=False)
    keep_pictures(path.read_bytes(), "report-ar")
