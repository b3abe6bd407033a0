"""The reference is complete, every name in the texts exists, and the pages build without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from flask_w4r import key_sources, sections
from flask_w4r.antiabuse import hcaptcha_provider
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.cli import w4r_group
from flask_w4r.config import W4RConfig
from flask_w4r.seam import Seam
from flask_w4r.sections.checks import THEME_TOKENS
from flask_w4r.services.mail import caps as mail_caps

from .pages import DOCS, MARKDOWN, PAGES, ROOT, SNIPPETS

#: For the library's own tests; not keys of a site.
OF_TESTS = {
    f"W4R_TEST_{name}" for name in ("POSTGRES", "MARIADB", "REDIS", "CHROMIUM", "REQUIRE", "PROCESSES", "SHOTS")
}
KEYS = {f"W4R_{item.name.upper()}" for item in fields(W4RConfig)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as HTML; a warning is an error."""
    target = tmp_path_factory.mktemp("html")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(target / "trees"),
         str(DOCS), str(target)],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target


def words_of(page: Path) -> str:
    """A built page's text."""
    return " ".join(re.sub(r"<[^>]+>", "", page.read_text("utf-8")).split())


def test_it_builds(built: Path) -> None:
    assert {page.stem for page in PAGES} <= {page.stem for page in built.glob("*.html")}


def test_every_key_has_its_entry(built: Path) -> None:
    text = (built / "configuration.html").read_text("utf-8")
    for key in KEYS:
        assert f'id="{key.lower().replace("_", "-")}"' in text, key
    for item in fields(sections.Section):
        assert f">{item.name}</span>" in text, item.name
    for code in sections.preset_codes():
        assert f">{code}</span>" in text


def test_every_command_has_its_entry(built: Path) -> None:
    text = words_of(built / "cli.html")
    for name, group in w4r_group.load().items():
        for below in getattr(group, "commands", {"": group}):
            assert f"flask w4r {name} {below}".rstrip() in text


def test_every_key_that_a_text_names_exists() -> None:
    texts = [*PAGES, *MARKDOWN, *(path for path in SNIPPETS.rglob("*") if path.suffix in (".py", ".conf", ".service"))]
    for page in texts:
        named = set(re.findall(r"\bW4R_[A-Z][A-Z_]*[A-Z]\b", page.read_text("utf-8")))
        assert named <= KEYS | OF_TESTS, page.name


def test_links_of_the_readme_lead_somewhere() -> None:
    for page in MARKDOWN:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
            assert (ROOT / target).exists(), target


def test_numbers_that_the_texts_give() -> None:
    """Where a text says a number, it is the code's."""
    defaults = {item.name: item.metadata["key"].default for item in fields(W4RConfig)}
    assert dict(defaults["retention"]) == {
        "pending_days": 14, "token_days": 7, "sent_mail_days": 30, "audit_days": 730, "event_days": 30, "pupil_days": 30,
        "delivered_days": 90, "withheld_days": 14, "undelivered_days": 730, "invalid_days": 90,
    }  # fmt: skip
    assert key_sources.TIMEOUT == 20
    assert mail_caps.DAILY_CAP == 3
    assert (hcaptcha_provider.BREAKER_FAILURES, hcaptcha_provider.BREAKER_PAUSE_SECONDS) == (5, 30)
    templates = (DOCS / "templates.rst").read_text("utf-8")
    assert [
        kind.name
        for kind in Seam(CAPABILITIES).mails.values()
        if kind.hand_over is None and f"``{kind.name}``" not in templates
    ] == []
    assert len(sections.preset_codes()) == 10
    templates = (DOCS / "templates.rst").read_text("utf-8")
    for token in THEME_TOKENS:
        assert f"``{token}``" in templates
    for partial in re.findall(r"w4r/_partials/\w+\.html", templates):
        assert (ROOT / "flask_w4r/templates" / partial).is_file()
