"""A school joins, a teacher makes a class, pupils come by its link: through the doors that they use."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from flask_w4r import W4R
from flask_w4r.models import Report, School
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.letters.papers import Press
from flask_w4r.services.schools import classes, sums
from flask_w4r.services.schools.certificate import certificate as make_certificate
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor
from tests.petitions.helpers import path_of

QUEUE = "/au/moderation/queue?kind=school"
SCHOOL: dict[str, Any] = {
    "school": "Hill School", "town": "Hobart", "country": "AU", "size": "28", "cases": ["ann-example"],
    "name": "Tess Teacher", "email": "tess@school.example.org",
}  # fmt: skip


def make_site(
    make_host: MakeHost, *cases: str, mode: str = "names", clock: Any = None, limits: Any = None, **section: Any
) -> Host:
    """A site whose section lets pupils give first name and age."""
    mailer = RecordingMailer()
    more = {"clock": clock} if clock else {}
    w4r = W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission, **more)
    config = {"rate_limits": limits} if limits else {}
    host = make_host(w4r=w4r, **config, section={"preset": "AU", "url_prefix": "/au", "class_mode": mode, **section})
    host.mailer = mailer
    make_campaign(host.app, list(cases) or ["ann-example"])
    return host


def staff_of(host: Host) -> Staff:
    return Staff(host.app.test_client(), "mo", ALL, None)


def join(host: Host, **typed: Any) -> Any:
    client = host.app.test_client()
    answer = submit(client, client.get("/au/schools/new"), "form_token", **{**SCHOOL, **typed})
    run_jobs(host.app)
    return answer


def press_link(host: Host, part: str, client: FlaskClient | None = None) -> Any:
    """Open the last mail's link that holds a word, and press its button."""
    client = client or host.app.test_client()
    path = path_of(host.mailer.links(part)[-1])
    _, fields = form_fields(client.get(path), "form_token")
    return client.post(path, data=fields)


def school_ids(host: Host) -> list[int]:
    return read(host.app, lambda session: list(session.scalars(select(School.id).order_by(School.id))))


def decide(host: Host, number: int, decision: str = "approve") -> Any:
    data = {"items": [f"school:{number}"], "decision": decision, "kind": "school", "reason": "No such school is known."}
    answer = staff_of(host).post("/au/moderation/decisions", data, page=QUEUE)
    run_jobs(host.app)
    return answer


def teach(host: Host, **typed: Any) -> FlaskClient:
    """A school is in: its teacher's browser, with the page open."""
    join(host, **typed)
    press_link(host, "/prove/")
    decide(host, school_ids(host)[-1])
    client = host.app.test_client()
    assert press_link(host, "/school/", client).location == "/au/school"
    return client


def press(client: FlaskClient, path: str, **typed: Any) -> Any:
    """A button of the teacher's page."""
    page = client.get("/au/school")
    _, fields = form_fields(page, "csrf_token")
    return client.post(path, data={"csrf_token": fields["csrf_token"], "school": fields["school"], **typed})


def make_class(host: Host, teacher: FlaskClient, label: str = "7b", size: int = 28) -> str:
    """A class; the path of its form."""
    assert press(teacher, "/au/school/classes", label=label, size=str(size)).location == "/au/school?done=made"
    number = school_ids(host)[-1]
    found = read(host.app, lambda session: classes.of_school(session, get_state(host.app).keyring, number))
    return f"/au/class/{next(one.code for one in found if one.label == label)}"


def write(host: Host, path: str, cases: Any = "ann-example", *, client: FlaskClient | None = None, **typed: Any) -> Any:
    """A pupil ticks whom they wrote for."""
    client = client or host.app.test_client()
    page = client.get(path)
    if page.status_code != 200 or "form_token" not in page.text:
        return page
    _, fields = form_fields(page, "form_token")
    return client.post(path, data={**fields, "cases": cases, **typed})


def counted(host: Host, slug: str = "ann-example") -> tuple[int, int]:
    """People of the edition, and letters of a case, as the public pages say."""
    get_state(host.app).lazy.pop("pages", None)
    client = host.app.test_client()
    whole = client.get("/au/tally.json").get_json()
    return int(whole["people"]), int(client.get(f"/au/cases/{slug}/tally.json").get_json()["actions"].get("letter", 0))


def rows(host: Host, model: Any) -> list[Any]:
    return read(host.app, lambda session: list(session.scalars(select(model).order_by(model.id))))


def take_back(teacher: FlaskClient, number: int) -> str:
    """The button beside a press; what the page says then."""
    answer = press(teacher, "/au/school/pupils/take-back", pupil=str(number))
    return str(answer.location).removeprefix("/au/school?done=")


def report(teacher: FlaskClient, people: int, slug: str = "ann-example", **numbers: int) -> Any:
    """The teacher reports: ``letters=12``."""
    page = teacher.get("/au/school/report")
    _, fields = form_fields(page, "csrf_token")
    typed = {name: [str(number)] for name, number in numbers.items()}
    return teacher.post(
        "/au/school/report", data={**fields, "case": [slug], **typed, "people": str(people), "note": ""}
    )


def decide_reports(host: Host, decision: str = "approve") -> None:
    """The desk decides on every report that waits."""
    page = "/au/moderation/queue?kind=report"
    items = [f"report:{one.id}" for one in rows(host, Report) if one.state == "submitted"]
    data = {"items": items, "decision": decision, "kind": "report", "reason": "Counted twice."}
    staff_of(host).post("/au/moderation/decisions", data, page=page)


def certificate(host: Host) -> list[str]:
    """What the certificate of the last school says in numbers."""
    state = get_state(host.app)
    lens = Lens(state.sections["AU"], "en", state.clock(), lambda *given, **values: "")

    def work(session: Any) -> list[str]:
        row = session.scalars(select(School).order_by(School.id.desc())).first()
        press = Press(lens, state.keyring, lambda *given, **values: "", "a4")
        edition, done = classes.edition_of(session, lens, row), sums.of_school(session, row.id)
        return list(make_certificate(press, row, edition, done, ()).data["lines"])

    return read(host.app, work)
