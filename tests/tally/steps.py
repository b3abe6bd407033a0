"""What people, hosts, pupils, the desk and time do to the numbers: one table of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from flask_w4r.models import Batch, Event, Message, Pupil, Report, Signature, TargetEmail
from flask_w4r.services.campaign import codes
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.moderation import decisions
from flask_w4r.services.people.permissions import Staff
from flask_w4r.services.petitions import invalidation
from flask_w4r.services.reports import hosted, staff
from flask_w4r.services.schools import pupils
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.testing import run_jobs, submit, supporter, take_in
from tests.emails import world as emails
from tests.petitions.helpers import path_of
from tests.schools import helpers as schools

from .everything import MO, SLUGS, SOME, World, seen

#: A name that the checks hold for the desk.
ODD = "www.spam.example"
#: What the desk decides about, how it waits, and which rows are its.
QUEUES: tuple[tuple[str, Any], ...] = (
    ("report", Report), ("message", Message), ("signature", Signature), ("email", TargetEmail),
)  # fmt: skip


def _fill(world: World, path: str, needle: str, **typed: Any) -> None:
    client = world.app.test_client()
    page = client.get(path)
    # A case that is closed has no form.
    if f'name="{needle}"' in page.text:
        assert submit(client, page, needle, **typed).status_code in (303, 422)


def sign(world: World, who: int, what: int, number: int) -> None:
    """For one case or both; with another name it is a change, and one of the names is odd."""
    name = ODD if number == 3 else f"Name{number}"
    typed = supporter(email=world.address(who), first_name=name, cases=list(SOME[what % 3]))
    _fill(world, "/au/sign", "form_token", **typed)


def message(world: World, who: int, what: int, number: int) -> None:
    """Words for the person at risk."""
    typed = {"message": f"Word {number}.", "name": "Sam", "country": "AU", "email": world.address(who), "consent": "y"}
    _fill(world, f"/au/cases/{SLUGS[0]}/solidarity", "message", **typed)


def email(world: World, who: int, what: int, number: int) -> None:
    """To the minister; in own words it waits for the desk."""
    own = {"body": f"Own words {number}"} if number == 3 else {}
    _fill(world, emails.PATH, "form_token", **emails.person(email=world.address(who)), **own)


def report(world: World, who: int, what: int, number: int) -> None:
    """Of the event, or of a place: the same once more is a resend, other numbers are a correction."""
    code = codes.write(world.state.keyring, None, world.event) if what % 2 else ""
    typed = {
        "people": "3", "on_date": "2026-11-20", "where": "Perth", "name": "Sam", "email": world.address(who % 2), "code": code,
        "letters": [str(number)], "cards": ["", "1"],
    }  # fmt: skip
    _fill(world, "/au/report", "form_token", **typed)


def correct(world: World, who: int, what: int, number: int) -> None:
    """What was reported, and proved, and perhaps approved, is reported with other numbers."""
    for more in (0, 1):
        report(world, who, what, number + more)
        link(world, 0, 0, 0)
        if what > more:
            _decide(world, 0, 0, "approve")


def host(world: World, who: int, what: int, number: int) -> None:
    """The event's host says what was written."""

    def tell(work: UnitOfWork) -> None:
        held, first = work.session.get(Event, world.event), world.cases[SLUGS[0]]
        hosted.submit(
            work.session, world.state.keyring, world.section, held, list(world.cases.values()), 5,
            {first: {"letter": 10 * number}}, "", now=world.clock(),
        )  # fmt: skip

    run(world.app, tell)


def pupil(world: World, who: int, what: int, number: int) -> None:
    """Of the class; a press counts that was thanked for."""
    answer = schools.write(world.host, world.path, list(SOME[what % 3]))
    if answer.status_code == 303:
        active = [slug for slug in SOME[what % 3] if world.status(slug) == "active"]
        world.pupils += 1
        world.pressed.update(seen(world.cases[slug], "letter", world.clock(), "self_reported") for slug in active)


def take_back(world: World, who: int, what: int, number: int) -> None:
    """The teacher takes a pupil's press back."""
    last = select(Pupil).order_by(Pupil.id.desc()).limit(2)
    found = read(world.app, lambda session: session.scalars(last).all())
    if len(found) > number % 2:
        press, lens = found[number % 2], Lens(world.section, "en", world.clock(), lambda *_, **__: "")
        done = run(world.app, lambda work: pupils.take_back(work.session, lens, world.school, press.id))
        assert done == "taken"
        world.pupils -= 1
        world.pressed.subtract(seen(case, "letter", press.created_at, "self_reported") for case in press.cases or ())


def link(world: World, who: int, what: int, number: int) -> None:
    """One of the newest mails is opened, and its button pressed; or a new link asked for; or it was not them."""
    run_jobs(world.app)
    if len(world.mailer.messages) <= who:
        return
    urls = world.mailer.links("", -1 - who)
    act = ("", "", "", "resend", "not_me")[(what + number) % 5]
    wanted = "/not-me/" if act == "not_me" and any("/not-me/" in url for url in urls) else "/"
    for url in urls:
        path = path_of(url)
        if wanted in path and path.count("/") == 3 and "/my-data" not in path and "/host/" not in path:
            client = world.app.test_client()
            page = client.get(path)
            if 'name="form_token"' in page.text:
                more = {act: "1", "do": act} if act else {}
                assert submit(client, page, "form_token", **more).status_code in (200, 303, 404, 409, 422)
            return


def mail(world: World, who: int, what: int, number: int) -> None:
    """The worker does what is due."""
    run_jobs(world.app)


def wait(world: World, who: int, what: int, number: int) -> None:
    """A day passes, or eight."""
    world.clock.move(hours=25 if what % 2 else 24 * 8)


def _decide(world: World, what: int, who: int, act: str) -> None:
    kind, model = QUEUES[what % len(QUEUES)]
    waiting = select(model.id).where(model.held_at.is_not(None)).order_by(model.id.desc()).limit(4)
    ids = read(world.app, lambda session: session.scalars(waiting).all())
    if ids:
        items = {kind: [ids[who % len(ids)]]}
        reason = "Not this one." if act == "reject" else None
        now = world.clock()
        run(
            world.app,
            lambda work: decisions.decide(
                work.session, world.state.hooks, MO, world.state.keyring, world.section, items, act, reason, now=now
            ),
        )


def approve(world: World, who: int, what: int, number: int) -> None:
    """The desk lets something pass that waits."""
    _decide(world, what, who, "approve")


def reject(world: World, who: int, what: int, number: int) -> None:
    """Or it does not."""
    _decide(world, what, who, "reject")


def undo(world: World, who: int, what: int, number: int) -> None:
    """The desk takes one of its last decisions back."""
    mine = (Batch.kind == "decision", Batch.id > world.let_in)
    query = select(Batch.id).where(*mine).order_by(Batch.id.desc()).limit(4)
    past = read(world.app, lambda session: session.scalars(query).all())
    if past:
        keyring, now = world.state.keyring, world.clock()
        run(
            world.app,
            lambda work: decisions.undo(
                work.session, world.state.hooks, MO, keyring, world.section, past[who % len(past)], now=now
            ),
        )


def invalidate(world: World, who: int, what: int, number: int) -> None:
    """All signatures of one mailbox are found invalid; or that is taken back."""
    asked: dict[str, Any] = {"now": world.clock(), "hooks": world.state.hooks, "actor": MO}
    keyring, section = world.state.keyring, world.section

    def propose(work: UnitOfWork) -> None:
        done = select(Batch.id).where(Batch.kind == invalidation.KIND, Batch.state == "done").order_by(Batch.id.desc())
        last = work.session.scalars(done).first()
        if what % 2 and last is not None:
            batch = invalidation.get(work.session, section, last)
            if invalidation.can(batch, "undo", MO.id):
                invalidation.do(work.session, keyring, section, last, "undo", **asked)
            return
        conditions = invalidation.Conditions(email=world.address(who))
        invalidation.propose(work.session, keyring, section, conditions, reason="made up", **asked)

    run(world.app, propose)
    run_jobs(world.app)


def _staff(world: World) -> Staff:
    return Staff(world.state.hooks, MO, world.state.keyring, world.section, world.clock())


def _change(world: World, who: int, act: str) -> None:
    query = select(Report.id).order_by(Report.id.desc()).limit(4)
    ids = read(world.app, lambda session: session.scalars(query).all())
    if ids:
        run(world.app, lambda work: staff.change(work.session, _staff(world), ids[who % len(ids)], act))


def reverse(world: World, who: int, what: int, number: int) -> None:
    """Numbers are taken back."""
    _change(world, who, "reverse")


def final(world: World, who: int, what: int, number: int) -> None:
    """Numbers are said to be final."""
    _change(world, who, "final")


def count(world: World, who: int, what: int, number: int) -> None:
    """The section counted its post."""
    counts = {world.cases[slug]: {"petition_paper": number} for slug in SOME[what % 3]}
    entry = staff.Entry(counts, "section_counted", ("interim", "final")[who % 2], None, "", "")
    run(world.app, lambda work: staff.type_in(work.session, _staff(world), entry))


def close(world: World, who: int, what: int, number: int) -> None:
    """A case closes, or opens again."""
    world.host.run("w4r", "case", "status", SLUGS[what % 2], "closed" if number == 1 else "active")


def erase(world: World, who: int, what: int, number: int) -> None:
    """Somebody wants nothing to be known of them."""
    world.host.run("w4r", "person", "erase", world.address(who), "--yes")


def let_go(world: World, who: int, what: int, number: int) -> None:
    """Signatures of a case were handed over long ago."""
    handed = (
        update(Signature)
        .where(Signature.case_id == world.cases[SLUGS[what % 2]], Signature.state == "confirmed")
        .values(delivered_at=world.clock().replace(year=2020))
    )
    run(world.app, lambda work: work.session.execute(handed))
    world.host.run("w4r", "retention", "run")


def recount(world: World, who: int, what: int, number: int) -> None:
    """Nothing is to be mended."""
    world.host.run("w4r", "tally", "recount", "--fix")


Step = Callable[[World, int, int, int], None]
#: Steps that change no number that is kept; whoever they take leave of goes on being counted.
STILL: tuple[Step, ...] = (sign, message, email, report, host, wait, close, erase, let_go, recount)
STEPS: Mapping[str, Step] = {
    step.__name__: step
    for step in (*STILL, pupil, take_back, correct, link, mail, approve, reject, undo, invalidate, reverse, final, count)
}  # fmt: skip


def do(world: World, name: str, who: int, what: int, number: int) -> None:
    """Take a step, and see that the numbers are what they must be."""
    before, counts = world.sealed(), world.kept()
    STEPS[name](world, who, what, number)
    take_in(world.app)
    world.clock.move(seconds=1)
    world.part(before)
    kept, plain = world.kept(), world.plain()
    assert STEPS[name] not in STILL or kept == counts, f"{name} changed what was counted: {counts} are {kept}"
    assert kept == plain, f"{name}: {kept} are kept, and are {plain}"
