"""Many at one moment: one address, one link, and a transaction that breaks in the middle."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from flask_w4r.services.intake import batch
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host, MakeHost, every_database

from .helpers import CASE, PREFIX, SLUG, at_once, column, everything, link, people, press, tally

GENEROUS = {"sign_host": "10000/minute", "sign_site": "10000/minute", "sign_block": "10000/minute"}


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none", rate_limits=GENEROUS)
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


def all_sign(host: Host, count: int, **typed: Any) -> set[int]:
    """So many threads, each with a form of its own, press at one moment."""
    clients = [host.app.test_client() for _ in range(count)]
    forms = [form_fields(client.get(f"{CASE}/sign"), "form_token")[1] for client in clients]
    made = [{**forms[number], **supporter(), **{k: v(number) for k, v in typed.items()}} for number in range(count)]
    answers = at_once(count, lambda number: clients[number].post(f"{CASE}/sign", data=made[number]))
    assert {answer.location for answer in answers} == {f"{CASE}/thanks"}
    return {answer.status_code for answer in answers}


@every_database
def test_fifty_threads_with_one_address(host: Host) -> None:
    assert all_sign(host, 50) == {303}
    assert (len(column(host, "id")), column(host, "version")) == (1, [1])
    run_jobs(host.app)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    assert "Your signature is confirmed" in press(host.app.test_client(), link(host)).text
    assert (tally(host), people(host)) == (1, 1)
    host.run("w4r", "tally", "recount")


@every_database
def test_fifty_threads_while_workers_send(host: Host) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            run_jobs(host.app)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        assert all_sign(host, 50) == {303}
    finally:
        over.set()
        for worker in workers:
            worker.join()
    run_jobs(host.app)
    assert len(column(host, "id")) == 1
    assert len(host.mailer.messages) == 1


@every_database
def test_one_address_signs_both_cases_in_many_threads(host: Host) -> None:
    """Each transaction writes several rows that the others want too."""
    count = 20
    clients = [host.app.test_client() for _ in range(count)]
    pages = [client.get(f"{PREFIX}/sign") for client in clients]

    def job(number: int) -> int:
        typed = {**supporter(number % 2), "cases": [SLUG, "bo-example"]}
        return submit(clients[number], pages[number], "form_token", **typed).status_code

    assert set(at_once(count, job)) == {303}
    assert len(column(host, "id")) == 4
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2


@every_database
def test_one_address_with_as_many_spellings(host: Host) -> None:
    """Each press has other details, so they replace one another: still one row, and the mail is the last one's."""
    assert all_sign(host, 20, first_name=lambda number: f"Name{number}") == {303}
    assert len(column(host, "id")) == 1
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    assert "Your signature is confirmed" in press(host.app.test_client(), link(host)).text
    host.run("w4r", "tally", "recount")


@every_database
def test_a_shared_mailbox_keeps_both_names(make_host: MakeHost) -> None:
    """Two people press at one moment: neither takes the other's place."""
    own = {"preset": "AU", "url_prefix": PREFIX, "shared_mailbox": True}
    host = make_host(captcha="none", section=own, rate_limits=GENEROUS)
    make_campaign(host.app)
    homes = 8
    emails = [f"home{number // 2}@example.org" for number in range(2 * homes)]
    names = ["Ann", "Bo"] * homes
    assert all_sign(host, 2 * homes, email=emails.__getitem__, first_name=names.__getitem__) == {303}
    assert sorted(column(host, "slot")) == [0] * homes + [1] * homes
    assert column(host, "version") == [1] * 2 * homes
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2 * homes
    for number in range(2 * homes):
        assert "Your signature is confirmed" in press(host.app.test_client(), link(host, number=number)).text
    assert (tally(host), people(host)) == (2 * homes, homes)
    host.run("w4r", "tally", "recount")


@every_database
def test_twenty_threads_press_one_link(host: Host) -> None:
    page = host.app.test_client().get(f"{PREFIX}/sign")
    client = host.app.test_client()
    page = client.get(f"{PREFIX}/sign")
    assert submit(client, page, "form_token", **supporter(), cases=[SLUG, "bo-example"]).status_code == 303
    run_jobs(host.app)
    path = link(host)
    opened = host.app.test_client().get(path)
    answers = at_once(20, lambda _: submit(host.app.test_client(), opened, "form_token"))
    assert all("Your signature is confirmed" in answer.text for answer in answers)
    assert (tally(host), tally(host, "bo-example"), people(host)) == (1, 1, 1)
    host.run("w4r", "tally", "recount")


@every_database
def test_confirming_and_saying_not_me_at_one_moment(host: Host) -> None:
    for number in range(6):
        assert sign(host.app.test_client(), PREFIX, SLUG, **supporter(number)).status_code == 303
    run_jobs(host.app)
    pages = [
        host.app.test_client().get(link(host, kind, number))
        for number in range(6)
        for kind in ("/confirm/", "/not-me/")
    ]
    answers = at_once(len(pages), lambda number: submit(host.app.test_client(), pages[number], "form_token"))
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert column(host, "state") == ["invalid"] * 6
    assert (tally(host), people(host)) == (0, 0)
    host.run("w4r", "tally", "recount")


@every_database
def test_several_workers_share_what_waits(host: Host) -> None:
    """Sixty people sign both cases, each of them twice, while four workers take small batches: nothing twice, nothing lost."""
    clients = [host.app.test_client() for _ in range(60)]
    form = form_fields(clients[0].get(f"{PREFIX}/sign"), "form_token")[1]
    for number in range(120):
        made = {**form, **supporter(number % 60), "cases": [SLUG, "bo-example"]}
        assert clients[0].post(f"{PREFIX}/sign", data=made).status_code == 303

    def work(_: int) -> int:
        taken = 0
        while read(host.app, batch.is_waiting):
            taken += batch.take(host.app, size=7)[0]
        return taken

    assert sum(at_once(4, work)) == 120
    assert (len(column(host, "id")), len(host.rows("SELECT id FROM w4r_outbox"))) == (120, 60)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 60


@every_database
@pytest.mark.parametrize("confirmation", ["email", "none"])
def test_nothing_is_half_written(make_host: MakeHost, confirmation: str) -> None:
    """The connection breaks before the first, the second, ... and the last statement, of the press and of the worker."""
    own = {"preset": "AU", "url_prefix": PREFIX, "confirmation": confirmation}
    host = make_host(captcha="altcha", section=own, rate_limits=GENEROUS, PROPAGATE_EXCEPTIONS=False)
    make_campaign(host.app, (SLUG, "bo-example"))
    client = host.app.test_client()
    form = form_fields(client.get(f"{PREFIX}/sign"), "form_token")[1]

    def press_once(number: int) -> int:
        typed = {**form, **supporter(number), "cases": [SLUG, "bo-example"], "newsletter": "yes"}
        return client.post(f"{PREFIX}/sign", data=typed).status_code

    assert press_once(0) == 303
    engines = set(get_state(host.app).engines(host.app))
    left = 0

    def interrupt(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal left
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "WITH", "DELETE")):
            left -= 1
            if left == 0:
                raise OperationalError(statement, None, Exception("the machine was switched off"))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", interrupt)
    try:
        before, left = everything(host), 1
        assert press_once(1) == 503
        assert everything(host) == before
        assert press_once(1) == 303
        for breaks_at in range(1, 30):
            before, left = everything(host), breaks_at
            try:
                assert batch.take(host.app) == (2, 0)
                break
            except OperationalError:
                assert everything(host) == before
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", interrupt)
    assert breaks_at > 3
    assert len(column(host, "id")) == 4
    assert not host.rows("SELECT id FROM w4r_intake")
    host.run("w4r", "tally", "recount")
