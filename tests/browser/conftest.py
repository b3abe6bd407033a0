"""The example site served on loopback, and a Chromium that notes every request, console message and CSP violation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from flask_w4r.services.places.files import read_towns
from tests import services
from tests.browser.site import ARGUMENTS, Served, serve

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
#: Where the example site serves it meanwhile: a browser keeps what it has compiled of a file, not of a text.
AXE_PATH = "/axe.min.js"
LOAD = """(url) => new Promise((done, failed) => {
  if (window.axe) return done();
  const script = document.createElement("script");
  script.src = url;
  script.onload = () => { script.remove(); done(); };
  script.onerror = () => failed("axe did not load");
  document.head.append(script);
})"""
POLICY = "default-src 'none'"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    services.need("chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=services.headless_path(), args=ARGUMENTS)
        yield found
        found.close()


def serve_axe() -> Response:
    """axe-core as a file of the site, which its policy allows."""
    return Response(AXE, mimetype="text/javascript", headers={"Cache-Control": "max-age=3600"})


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The example site, with the real cases and a worker that sends mail to its mailbox."""
    with serve(tmp_path_factory.mktemp("instance")) as found:
        found.app.add_url_rule(AXE_PATH, view_func=serve_axe)
        yield found


@pytest.fixture(scope="session")
def towns(served: Served) -> None:
    """The gazetteer of the two countries that tests look around in, on the example site."""
    known = [town for town in read_towns() if town.country in ("AU", "MA")]
    with served.app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("flask_w4r.cli.places.read_towns", lambda: known)
        result = served.app.test_cli_runner().invoke(args=["w4r", "places", "load"])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="session")
def site(served: Served) -> str:
    """The example site's base URL."""
    return served.base


@cache
def addressees(file: Path) -> str:
    """To whom a mail was sent. It never changes."""
    return str(message_from_bytes(file.read_bytes())["To"])


@dataclass
class Visitor:
    """One reader's browser, and what it saw."""

    page: Page
    base: str
    app: Flask
    scripted: bool = True
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)

    def open(self, path: str) -> Any:
        """Go to a path of the site."""
        return self.page.goto(path if path.startswith("http") else self.base + path)

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true. Playwright's own way needs an eval that our policy forbids."""
        assert self.becomes(condition, 20), f"never true: {condition}"

    def becomes(self, condition: str, seconds: int) -> bool:
        """Whether a JavaScript expression is true within so many seconds."""
        for _ in range(40 * seconds):
            if self.page.evaluate(condition):
                return True
            self.page.wait_for_timeout(25)
        return False

    def forget_pages(self) -> None:
        """Let the server forget the counts and pages that it keeps, as five seconds would."""
        self.app.extensions["w4r"].lazy.pop("pages", None)

    def mails(self, address: str, count: int = 1) -> list[str]:
        """The paths of the mails to an address, the newest first, once there are so many.

        The mailbox's own page has all of them, and takes a browser longer with each test.
        """
        folder, found = Path(self.app.config["MAILBOX"]), []
        for _ in range(400):
            files = sorted(folder.glob("*.eml"), reverse=True)
            found = [file.stem for file in files if address in addressees(file)]
            if len(found) >= count:
                break
            self.page.wait_for_timeout(50)
        assert len(found) >= count, f"{address} got {len(found)} mails of {count}"
        return [f"/mailbox/{name}" for name in found]

    def axe(self) -> list[str]:
        """What axe-core finds on the page as it is now."""
        self.page.wait_for_load_state()
        if self.scripted and self.page.url.startswith(f"{self.base}/"):
            self.page.evaluate(LOAD, AXE_PATH)
        else:
            self.page.evaluate("(source) => { if (!window.axe) (0, eval)(source); }", AXE)
        found = self.page.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
        return [f"{item['id']} at {self.page.url}: {[node['target'] for node in item['nodes']]}" for item in found]

    def shot(self, name: str) -> None:
        """Keep a picture of the page for people to look at, where ``W4R_TEST_SHOTS`` asks for them."""
        if not os.environ.get("W4R_TEST_SHOTS"):
            return
        folder = Path(__file__).parent.parent / "_shots"
        folder.mkdir(exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def saw_nothing_foreign(self) -> None:
        """No other origin was asked, and the content security policy was never violated."""
        assert self.foreign == []
        assert self.complaints == []
        assert self.policies, "no page had a policy"
        assert all(policy.startswith(POLICY) and "unsafe" not in policy for policy in self.policies), self.policies


def refusing_cookies(browser: Browser, folder: Path, **options: Any) -> BrowserContext:
    """A Chromium whose owner chose to block all cookies, and with them every store of a page."""
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    return browser.browser_type.launch_persistent_context(
        folder, executable_path=services.chromium_path(), args=ARGUMENTS, **options
    )


@pytest.fixture
def visit(browser: Browser, site: str, served: Served, tmp_path: Path) -> Iterator[Any]:
    """Make a visitor: ``visit(width=390, javascript=True, scheme="light", cookies=True)``."""
    contexts: list[BrowserContext] = []

    def make(
        width: int = 1280, *, javascript: bool = True, scheme: Any = "light", cookies: bool = True, **options: Any
    ) -> Visitor:
        options.update(viewport={"width": width, "height": 850}, java_script_enabled=javascript, color_scheme=scheme)
        context = browser.new_context(**options) if cookies else refusing_cookies(browser, tmp_path, **options)
        contexts.append(context)
        visitor = Visitor(context.new_page(), site, served.app, javascript)

        def note_request(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != site:
                visitor.foreign.append(request.url)

        def note_response(response: Any) -> None:
            policy = response.headers.get("content-security-policy")
            # The mailbox shows a mail's own styles, in a frame without scripts: the host's page, not ours.
            if policy and "text/html" in response.headers.get("content-type", "") and "/mailbox/" not in response.url:
                visitor.policies.add(policy)

        def note_console(message: Any) -> None:
            # An answer of 422 is a form that came back, which the console notes too.
            if message.type in ("error", "warning") and "responded with a status of 4" not in message.text:
                visitor.complaints.append(message.text)

        visitor.page.on("request", note_request)
        visitor.page.on("response", note_response)
        visitor.page.on("console", note_console)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        return visitor

    yield make
    for context in contexts:
        context.close()
