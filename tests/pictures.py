"""The pictures of the README and the guides, taken from the demonstration: ``python -m tests.pictures [folder]``."""

from __future__ import annotations

import io
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from example_app import flood
from example_app.first_start import save_user
from tests import services
from tests.browser.maps import READY
from tests.browser.site import ARGUMENTS, Served, serve

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PASSWORD = "only for pictures"
#: So many colours are enough for a page, and a third of the bytes.
COLOURS = 128


@dataclass(frozen=True)
class Picture:
    """One page as it is shown: where, how wide and high (CSS pixels), and what to wait for."""

    path: str
    width: int
    height: int
    scheme: str = "light"
    ready: str = "document.readyState === 'complete'"
    staff: bool = False
    #: Scrolled to, so that what matters is in the picture.
    at: str | None = None


PICTURES = {
    "case": Picture("/au/cases/juan-lopez", 390, 780),
    "map": Picture("/au/events", 1000, 720, ready=READY, at="[data-w4r-map-canvas]"),
    "desk": Picture("/au/moderation/queue", 1100, 760, staff=True),
    "arabic": Picture("/ma/", 390, 780, scheme="dark"),
}


def take(browser: Browser, served: Served, picture: Picture) -> bytes:
    """Take one of them; a PNG with few colours."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        device_scale_factor=1.5,
    )
    page = context.new_page()
    if picture.staff:
        _sign_in(page, served.base)
    page.goto(served.base + picture.path)
    while not page.evaluate(picture.ready):
        page.wait_for_timeout(100)
    if picture.at:
        page.locator(picture.at).scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # the map comes to rest
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    written = io.BytesIO()
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/staff/sign-in")
    page.fill("input[name=name]", "desk")
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit]")
    page.wait_for_url(f"{base}/staff/")


def main(folder: Path) -> None:
    """Take them all."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, serve(Path(instance)) as served, sync_playwright() as playwright:
        runner = served.app.test_cli_runner()
        with served.app.app_context():
            assert runner.invoke(args=["w4r", "places", "load"]).exit_code == 0
            save_user("desk", "administrator", PASSWORD)
            flood.seed(served.app)
        browser = playwright.chromium.launch(executable_path=services.chromium_path(), args=ARGUMENTS)
        for name, picture in PICTURES.items():
            made = take(browser, served, picture)
            (folder / f"{name}.png").write_bytes(made)
            print(f"{name}.png: {len(made) // 1024} KB")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
