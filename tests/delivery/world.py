"""What these tests do again and again: prepare, hand over, look at mails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from flask_w4r.services.campaign.views import Lens
from flask_w4r.state import get_state
from tests.conftest import Host

SLUG, OTHER = "ann-example", "bo-example"
TO = "Embassy of Example, Canberra"


def invoke(host: Host, *words: str) -> Any:
    """Run a command of ``deliver``; it may fail."""
    result = host.app.test_cli_runner().invoke(args=["w4r", "deliver", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def prepare(host: Host, out: Path, *more: str, slug: str = SLUG) -> dict[str, Any]:
    """Prepare a delivery of a case, without PDFs, and say what its ``batch.json`` says."""
    words = ("w4r", "deliver", "prepare", slug, "--to", TO, "--out", str(out), "--json", "--no-pdf", *more)
    found: dict[str, Any] = json.loads(host.run(*words).stdout)
    return found


def today() -> str:
    """The day, as the command takes it."""
    return datetime.now(UTC).date().isoformat()


def hand_over(host: Host, public_id: str, *more: str) -> Any:
    """Hand a delivery over; that may be refused."""
    return invoke(host, "handed-over", public_id, "--on", today(), "--by", "Jo Bloggs", *more)


def lens_of(host: Host) -> Lens:
    """Through what the site's section is looked at."""
    section = next(iter(get_state(host.app).sections.values()))
    return Lens(section, section.default_locale, datetime.now(UTC), lambda endpoint, **values: f"/{endpoint}")


def change(host: Host, sql: str, **values: Any) -> int:
    """Change something behind everybody's back."""
    with host.engine.begin() as connection:
        return int(connection.execute(text(sql), values).rowcount)
