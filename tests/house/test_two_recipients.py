"""What is written to an authority and what is written to the person at risk never meet: in no file, mail, page or PDF.

Unlikely words go in by the public forms, as the desk and the worker treat them; then all that comes out is looked through.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest

from flask_w4r.state import get_state
from flask_w4r.testing import run_jobs, sign, submit
from tests.conftest import Host, MakeHost
from tests.emails import world as emails
from tests.emails.world import MINISTER, SLUG, Clock, make_world
from tests.messages import world as messages
from tests.moderation.conftest import ALL, Staff

#: For the person: a message that is passed on, one that waits at the desk, and what their writers are called.
TO_PERSON = ("Kanaripal", "Kanariwait", "Kanarisam", "Kanarijo")
#: For an authority: who signs a petition, who emails, an email in own words that left, and one that waits at the desk.
TO_AUTHORITY = ("Kanarisign", "Kanarimail", "Kanarileft", "Kanariheld")
#: What the person is to have, or what staff look at to pass it on. Everything else is, or may become, an authority's.
FOR_PERSON = re.compile(
    r"cards|export messages|mail: .*message|page (?:case|moderation_preview_case)(?: ar)?$|page moderation_messages|page moderation_queue message"
)


@dataclass(frozen=True)
class Seen:
    """Something that came out.

    :ivar what: such as ``export signatures`` or ``page letter_pdf``.
    """

    what: str
    text: str

    @property
    def is_for_person(self) -> bool:
        """Whether the person may have it."""
        return FOR_PERSON.match(self.what) is not None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(make_host: MakeHost, clock: Clock, tmp_path: Path) -> Host:
    section = {"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar"], "messages_shown": True}
    host = make_world(make_host, clock, section={**section, "desk_email": "desk@example.org"})
    messages.set_rules(host, SLUG, route="direct", address="Prison 4")
    client = host.app.test_client()
    sign(client, "/au", SLUG, first_name="Kanarisign", last_name="Sample")
    emails.write(client, 2, first_name="Kanarimail", body="Dear Minister, Kanarileft. Yours, Sam", subject="Free Ann")
    run_jobs(host.app)
    for number in range(len(host.mailer.messages)):
        for link in [*host.mailer.links("/confirm/", number), *host.mailer.links("/confirm-email/", number)]:
            submit(client, client.get(link.removeprefix("http://localhost")), "form_token")
    mo = staff(host)
    _decide(host, mo, "email", "approve")
    number = messages.confirmed(host, 5, message="Dear Ann, Kanaripal.", name="Kanarisam", public="y")
    messages.decide(mo, "approve", number)
    act = {"act": "show", "item": str(number)}
    mo.post(f"/au/moderation/messages/{SLUG}/act", act, page="/au/moderation/queue")
    messages.confirmed(host, 6, message="Dear Ann, Kanariwait.", name="Kanarijo")
    emails.write(host.app.test_client(), 7, first_name="Kanarimail", body="Dear Minister, Kanariheld.", subject="Free")
    emails.confirm(host)
    run_jobs(host.app)
    return host


def staff(host: Host) -> Staff:
    """Who may do everything."""
    return Staff(host.app.test_client(), "mo", ALL, None)


def _decide(host: Host, mo: Staff, kind: str, act: str) -> None:
    page = mo.get(f"/au/moderation/queue?kind={kind}").text
    items = re.findall(rf'value="({kind}:\d+)"', page)
    assert items, f"no {kind} waits"
    mo.post("/au/moderation/decisions", {"items": items, "decision": act})


def pdf_text(data: bytes) -> str:
    """All the text of a PDF."""
    with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
        pages = [page.get_textpage() for page in document]
        return "\n".join(page.get_text_bounded() for page in pages)


def files(host: Host, folder: Path) -> Iterator[Seen]:
    """Every export, every file of a delivery, and the cards."""
    for name in get_state(host.app).seam.exports:
        for form in ("csv", "jsonl"):
            out = host.run("w4r", "export", name, "--out", "-", "--format", form).stdout
            yield Seen(f"export {name}", out)
    host.run("w4r", "deliver", "prepare", SLUG, "--to", "The embassy", "--out", str(folder / "delivery"))
    for path in sorted((folder / "delivery").iterdir()):
        data = path.read_bytes()
        yield Seen(f"delivery {path.name}", pdf_text(data) if path.suffix == ".pdf" else data.decode())
    for per_page in ("1", "4"):
        out, again = folder / f"cards-{per_page}.pdf", () if per_page == "1" else ("--again", "all")
        host.run("w4r", "cards", SLUG, "--out", str(out), "--per-page", per_page, *again)
        yield Seen("cards", pdf_text(out.read_bytes()))


def mails(host: Host) -> Iterator[Seen]:
    """Every mail that left."""
    for mail in host.mailer.messages:
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        yield Seen(f"mail: {mail['To']}: {mail['Subject']}", "\n".join([*map(str, mail.values()), *parts]))


#: Values of addresses; what an address has besides has none that is real.
_VALUES = {"slug": SLUG, "year": "2026", "w4r_locale": "ar", "width": 400, "shape": "wide", "stamp": "a" * 16}


def pages(host: Host) -> Iterator[Seen]:
    """Every page that staff and everybody else can open, in each language, PDFs and pictures of text too."""
    delivery = host.run("w4r", "deliver", "list").stdout.split()[0]
    adapter, mo = host.app.url_map.bind("localhost"), staff(host)
    for rule in host.app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        # A secret link shows its owner what they wrote themselves.
        if blueprint != "w4r_au" or "GET" not in (rule.methods or ()) or "token" in rule.arguments:
            continue
        known = {**_VALUES, "id": delivery}
        values = {
            name: known.get(name, 1 if rule._converters[name].__class__.__name__ == "IntegerConverter" else "x")
            for name in rule.arguments
        }
        path = adapter.build(rule.endpoint, values)
        language = " ar" if "w4r_locale" in rule.arguments else ""
        yield Seen(f"page {name}{language}", _read(mo, path))
        if name == "moderation_queue":
            for kind in get_state(host.app).seam.queue:
                yield Seen(f"page {name} {kind}{language}", _read(mo, f"{path}?kind={kind}"))


def _read(mo: Staff, path: str) -> str:
    answer = mo.get(path)
    return pdf_text(answer.data) if answer.mimetype == "application/pdf" else answer.data.decode(errors="replace")


def found(seen: Seen, canaries: tuple[str, ...]) -> list[str]:
    """Which of some words stand in it."""
    plain = seen.text.casefold()
    return [canary for canary in canaries if canary.casefold() in plain]


def test_they_never_meet(site: Host, tmp_path: Path) -> None:
    every = [*files(site, tmp_path), *mails(site), *pages(site)]
    mixed = [
        (seen.what, wrong)
        for seen in every
        if (wrong := found(seen, TO_AUTHORITY if seen.is_for_person else TO_PERSON))
    ]
    assert mixed == []
    # Were nothing found anywhere, the look would be worth nothing.
    where: dict[str, set[str]] = {canary: set() for canary in (*TO_PERSON, *TO_AUTHORITY)}
    for seen in every:
        for canary in found(seen, (*TO_PERSON, *TO_AUTHORITY)):
            where[canary].add(seen.what)
    assert {"cards", "export messages", "page case"} <= where["Kanaripal"]
    assert "page moderation_queue message" in where["Kanariwait"]
    assert {"delivery book-1.pdf", "delivery names.csv", "export signatures"} <= where["Kanarisign"]
    assert any(MINISTER["email"] in what for what in where["Kanarileft"])
    assert "page moderation_queue email" in where["Kanariheld"]
    assert all(where.values()), {canary for canary, places in where.items() if not places}


def test_neither_code_knows_the_other() -> None:
    root = Path(__file__).parents[2] / "flask_w4r"
    authority = ("petitions", "delivery", "letters", "emails")
    floors: tuple[Callable[[str], list[Path]], ...] = (
        lambda name: list((root / "services" / name).rglob("*.py")),
        lambda name: list((root / "blueprints" / name).rglob("*.py")),
        lambda name: [
            path for path in (root / "forms" / f"{name}.py", root / "models" / f"{name}.py") if path.exists()
        ],
    )
    for floor in floors:
        for path in floor("messages"):
            named = re.findall(
                r"^from \.+(?:services\.|forms\.|blueprints\.)?(\w+)[. ]", path.read_text("utf-8"), re.MULTILINE
            )
            assert not set(named) & set(authority), path
        for name in authority:
            for path in floor(name):
                assert not re.search(r"^from \.+\w*\.?messages[. ]", path.read_text("utf-8"), re.MULTILINE), path
