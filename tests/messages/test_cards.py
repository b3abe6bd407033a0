"""Cards: each message printed once, again where somebody says so, in any script, and nothing of cases that want silence."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from flask_w4r.errors import PDFUnavailable
from flask_w4r.services.messages import cards as printing
from flask_w4r.services.printing import fonts
from flask_w4r.testing import form_fields
from tests.conftest import Host, every_database
from tests.mail.world import MovingClock
from tests.moderation.conftest import Staff

from .world import OTHER, SLUG, approved, confirmed, set_rules, states, undo

Crew = Callable[..., Staff]


def read_pdf(data: bytes) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
        pages = []
        for page in document:
            text = page.get_textpage()
            pages.append(text.get_text_bounded().replace("\r", ""))
            text.close()
            page.close()
        return pages


def cards(host: Host, out: Path, *more: str, slug: str = SLUG) -> Any:
    """Run the command; it may fail."""
    result = host.app.test_cli_runner().invoke(args=["w4r", "cards", slug, "--out", str(out), *more])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def press(staff: Staff, act: str, slug: str = SLUG, **more: Any) -> Any:
    """A button of the case's page at the desk."""
    page = "/au/moderation/queue"
    return staff.post(f"/au/moderation/messages/{slug}/act", {"act": act, **more}, page=page)


def test_one_command_and_once_alone(desk: Host, staff: Crew, tmp_path: Path, clock: MovingClock) -> None:
    mo, out = staff(), tmp_path / "cards.pdf"
    approved(desk, mo, 1, message="The first card.")
    approved(desk, mo, 2, message="عزيزتي آن، نحن معك", name="ليلى", country="MA")
    confirmed(desk, 3, message="Nobody has read this yet.")
    approved(desk, mo, 4, OTHER, message="For somebody else.")
    assert "2 cards" in cards(desk, out).output
    (page,) = read_pdf(out.read_bytes())
    assert "The first card." in page
    assert "Sam" in page
    assert "Australia" in page
    for other in ("Nobody has read", "somebody else", "example.org", "Write for Rights", "Amnesty"):
        assert other not in page
    nothing = cards(desk, out)
    assert (nothing.exit_code, nothing.output.strip()) == (1, f"Error: {SLUG}: there is nothing to print")
    clock.move(hours=1)
    approved(desk, mo, 5, message="A later card.")
    assert json.loads(cards(desk, out, "--json", "--per-page", "1").output) == {
        "case": SLUG, "count": 1, "left": 0, "scripts": [],
    }  # fmt: skip
    told = json.loads(desk.run("w4r", "cards", SLUG, "--list", "--json").stdout)
    assert (told["waiting"], [run["count"] for run in told["runs"]]) == (0, [1, 2])
    assert cards(desk, out, "--again", told["runs"][1]["at"], "--per-page", "1").exit_code == 0
    assert len(read_pdf(out.read_bytes())) == 2
    assert cards(desk, out, "--again", "all", "--per-page", "1", "--size", "letter").exit_code == 0
    assert len(read_pdf(out.read_bytes())) == 3


@every_database
def test_at_the_desk(desk: Host, staff: Crew) -> None:
    mo = staff()
    approved(desk, mo, 1, message="The first card.")
    page = mo.get(f"/au/moderation/messages/{SLUG}")
    assert "1 message was not printed yet" in page.text
    answer = press(mo, "print", per_page="1", size="letter")
    assert answer.mimetype == "application/pdf"
    assert "The first card." in read_pdf(answer.data)[0]
    assert press(mo, "print").status_code == 409
    page = mo.get(f"/au/moderation/messages/{SLUG}")
    _, fields = form_fields(page, "run")
    assert "The first card." in read_pdf(press(mo, "again", run=fields["run"][0]).data)[0]
    undo(desk, mo)
    assert states(desk) == ["approved"], "what was printed is not taken back"
    approved(desk, mo, 2)
    assert press(mo, "pass_on").status_code == 303
    assert "0 messages were not printed yet" in mo.get(f"/au/moderation/messages/{SLUG}").text
    actions = [row.action for row in desk.rows("SELECT action FROM w4r_audit ORDER BY id")]
    assert [name for name in actions if name.startswith("messages_")] == [
        "messages_taken", "messages_printed_again", "messages_taken",
    ]  # fmt: skip


def test_who_may(desk: Host, staff: Crew) -> None:
    approved(desk, staff())
    assert staff(may="decide").get(f"/au/moderation/messages/{SLUG}").status_code == 403
    page = f"/au/moderation/messages/{SLUG}"
    reader, printer = staff("eve", may="view_queue,decide"), staff("ed", may="view_queue,export")
    assert "Print the cards" not in reader.get(page).text
    assert press(reader, "print").status_code == 403
    assert "Print the cards" in printer.get(page).text
    assert press(printer, "show", item="1").status_code == 403


def test_a_case_that_wants_silence(desk: Host, staff: Crew, tmp_path: Path) -> None:
    mo, out = staff(), tmp_path / "cards.pdf"
    approved(desk, mo)
    set_rules(desk, SLUG, route="none")
    assert "cannot reach the person any more" in cards(desk, out).output
    assert press(mo, "print").status_code == 409
    desk.run("w4r", "case", "status", SLUG, "withdrawn")
    assert "withdrawn" in cards(desk, out).output
    assert press(mo, "print").status_code == 404
    assert mo.get(f"/au/moderation/messages/{SLUG}").status_code == 404
    assert "Ann Example" not in mo.get("/au/moderation/messages").text
    assert not out.exists()


def test_a_card_that_cannot_be_made_is_not_marked(
    desk: Host, staff: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mo, out = staff(), tmp_path / "cards.pdf"
    approved(desk, mo)

    def fails(*given: Any, **more: Any) -> bytes:
        raise PDFUnavailable("Typst did not set cards.typ")

    with monkeypatch.context() as patch:
        patch.setattr(printing, "typeset", fails)
        assert "Typst did not set" in cards(desk, out).output
    assert "1 cards" in cards(desk, out).output


def test_letters_that_no_font_has(desk: Host, staff: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fonts.missing

    def fewer(letters: Any, folders: Any) -> dict[str, str]:
        every = set(letters)
        adlam = sorted(char for char in every if "\U0001e900" <= char <= "\U0001e95f")
        return {**asked(every - set(adlam), folders), **({"Adlam": "".join(adlam)} if adlam else {})}

    monkeypatch.setattr(fonts, "missing", fewer)
    mo, out = staff(), tmp_path / "cards.pdf"
    approved(desk, mo, 1, message="A heart 🫶🏽 for you")
    approved(desk, mo, 2, message="\U0001e900\U0001e901 in letters of which few have a font \U0001e902")
    told = cards(desk, out)
    assert "1 cards" in told.output
    assert "Adlam" in told.output
    assert "A heart" in read_pdf(out.read_bytes())[0]
    assert "no font here has some letters of these scripts: Adlam" in cards(desk, out).output
