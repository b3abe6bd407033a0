"""Whatever people do, in whatever order, the counts are what the rows say."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flask_w4r.testing import make_campaign, run_jobs, submit, supporter
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import PREFIX, SLUG, MovingClock, clocked, path_of, people, tally

SLUGS = (SLUG, "bo-example")
UNLIMITED = dict.fromkeys(("sign_host", "sign_site", "sign_block", "confirm_host"), "9999999/second")
ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("sign"), st.integers(0, 2), st.integers(0, 2), st.sampled_from([SLUGS[:1], SLUGS[1:], SLUGS])
        ),
        st.tuples(st.sampled_from(["confirm", "not-me", "resend", "confirm"]), st.integers(0, 5)),
        st.just(("mail",)),
        st.tuples(st.just("wait"), st.sampled_from([0.2, 25.0, 24 * 8.0])),
        st.tuples(st.just("status"), st.sampled_from(["active", "active", "closed"])),
    ),
    min_size=4,
    max_size=16,
)


def do(host: Host, clock: MovingClock, action: Any, sort: str) -> None:
    client, kind = host.app.test_client(), action[0]
    if kind == "sign":
        page = client.get(f"{PREFIX}/sign")
        typed = supporter(email=f"{action[1]}@{sort}.example", first_name=f"Name{action[2]}", cases=list(action[3]))
        assert submit(client, page, "form_token", **typed).status_code in (303, 422)
    elif kind == "mail":
        run_jobs(host.app)
    elif kind == "wait":
        clock.move(hours=action[1])
    elif kind == "status":
        host.run("w4r", "case", "status", SLUG, action[1])
    elif len(host.mailer.messages) > action[1]:
        for url in host.mailer.links("/not-me/" if kind == "not-me" else "/confirm/", -1 - action[1]):
            page = client.get(path_of(url))
            if 'name="form_token"' in page.text:
                more = {"resend": "1"} if kind == "resend" else {}
                assert submit(client, page, "form_token", **more).status_code in (200, 404, 409)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_the_counts_are_what_the_rows_say(make_host: MakeHost, shared: bool) -> None:
    clock = MovingClock()
    start = clock.moment
    w4r, mailer = clocked(clock)
    own = {"preset": "AU", "url_prefix": PREFIX, "shared_mailbox": shared}
    host = make_host(w4r=w4r, captcha="none", section=own, rate_limits=UNLIMITED)
    host.mailer = mailer
    make_campaign(host.app, SLUGS)
    with host.engine.begin() as connection:
        # However long the waits add up to, the edition runs.
        connection.exec_driver_sql("UPDATE w4r_edition SET ends_on = '2099-12-31'")
    seen: set[str] = set()

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(actions=ACTIONS)
    # By chance alone nobody may disown anything.
    @example(actions=[("confirm", 0), ("not-me", 0)])
    def check(actions: list[Any]) -> None:
        clock.moment = start
        mailer.messages.clear()
        sort = uuid.uuid4().hex
        for action in [("sign", 0, 0, SLUGS), ("mail",), *actions, ("status", "active")]:
            do(host, clock, action, sort)
        clock.moment = start
        host.run("w4r", "tally", "recount")
        counted = "SELECT count(*) FROM w4r_signature s JOIN w4r_case c ON c.id = s.case_id WHERE s.state = 'confirmed'"
        for slug in SLUGS:
            assert (
                tally(host, slug) == host.rows(f"{counted} AND s.held_at IS NULL AND c.slug = :slug", slug=slug)[0][0]
            )
        assert people(host) == host.rows("SELECT count(*) FROM w4r_edition_person")[0][0]
        seen.update(row[0] for row in host.rows("SELECT DISTINCT state FROM w4r_signature"))

    check()
    assert seen == {"pending", "confirmed", "invalid"}, "all of it was reached"
