"""Rate limits over HTTP: shared where a section is shared, kind to a school, and holding when Redis is away."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign, run_jobs, sign, submit, supporter
from tests.antiabuse.servers import CuttableProxy
from tests.conftest import Host, MakeHost
from tests.services import REDIS, need

from .helpers import CASE, PREFIX, SLUG, column, link, press, sign_with_script, tally

TIGHT = {"sign_host": "3/minute"}


def limited(answer: TestResponse) -> bool:
    if answer.status_code != 429:
        return False
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "What you typed will still be there" in answer.text
    return True


def test_too_many_from_one_address(make_host: MakeHost) -> None:
    host = make_host(captcha="none", rate_limits=TIGHT)
    make_campaign(host.app)
    client = host.app.test_client()
    answers = [sign(client, PREFIX, SLUG, **supporter(number)) for number in range(5)]
    assert [limited(answer) for answer in answers] == [False, False, False, True, True]
    assert len(column(host, "id")) == 3
    assert client.get(CASE).status_code == 200
    assert client.get(f"{CASE}/sign").status_code == 200, "reading is not limited"
    client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert sign(client, PREFIX, SLUG, **supporter(9)).status_code == 303


def test_limits_are_the_sections_whatever_the_language_or_case(make_host: MakeHost) -> None:
    sections = [{"preset": "MA", "url_prefix": "/ma"}, {"preset": "AU", "url_prefix": PREFIX}]
    host = make_host(captcha="none", sections=sections, rate_limits=TIGHT)
    make_campaign(host.app, (SLUG, "bo-example"))
    client = host.app.test_client()
    places = [("/ma", SLUG), ("/ma/fr", SLUG), ("/ma/fr", "bo-example"), ("/ma", "bo-example"), ("/ma/fr", SLUG)]
    answers = [sign(client, prefix, slug, **supporter(2)) for prefix, slug in places]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]
    assert sign(client, PREFIX, SLUG).status_code == 303, "another section is another matter"


def test_a_whole_class_behind_one_address(make_host: MakeHost) -> None:
    """With the limits as they come: thirty pupils sign at once, with scripts, and confirm at once."""
    host = make_host(captcha="none")
    make_campaign(host.app)
    for number in range(30):
        assert sign_with_script(host.app.test_client(), **supporter(number)).status_code == 303
    run_jobs(host.app)
    assert len(host.mailer.messages) == 30
    for number in range(30):
        assert "Your signature is confirmed" in press(host.app.test_client(), link(host, number=number)).text
    assert tally(host) == 30


def test_a_class_that_mistypes(make_host: MakeHost) -> None:
    """Thirty pupils behind one address, each with three slips: a form that goes back does nothing, so it counts for
    nothing."""
    host = make_host(captcha="altcha", rate_limits={"sign_host": "30/hour", "sign_uncaptcha": "30/hour"})
    make_campaign(host.app)
    slips: Sequence[dict[str, Any]] = ({"form_token": ""}, {"email": "sam@example"}, {"consent": ""})
    for number in range(30):
        client = host.app.test_client()
        page = client.get(f"{CASE}/sign")
        for slip in slips:
            page = submit(client, page, "form_token", **{**supporter(number), **slip})
            assert page.status_code == 422
        assert submit(client, page, "form_token", **supporter(number)).status_code == 303
    assert len(column(host, "id")) == 30
    assert sign(host.app.test_client(), PREFIX, SLUG, **supporter(31)).status_code == 429, "what is signed counts"


LINKS = ("confirm/{}", "not-me/{}", "rsvp/{}", "rsvp/{}/calendar.ics", "host/{}", "host/list/{}")


def test_thirty_one_confirm_in_one_minute(make_host: MakeHost) -> None:
    """A link that exists was not guessed: neither its page nor its button counts, however many a network opens."""
    host = make_host(captcha="none", rate_limits={"confirm_host": "2/hour"})
    make_campaign(host.app)
    for number in range(31):
        sign(host.app.test_client(), PREFIX, SLUG, **supporter(number))
    run_jobs(host.app)
    links = [(link(host, number=number), link(host, "/not-me/", number)) for number in range(31)]
    for confirm, not_me in links:
        assert "Your signature is confirmed" in press(host.app.test_client(), confirm).text
        assert host.app.test_client().get(not_me).status_code == 200
        assert host.app.test_client().post(confirm).status_code == 422, "nor does a button without its page"
    assert tally(host) == 31


def test_who_guesses_links_is_told_to_wait(make_host: MakeHost) -> None:
    host = make_host(captcha="none", rate_limits={"confirm_host": f"{len(LINKS)}/hour"})
    make_campaign(host.app)
    client = host.app.test_client()
    sign(client, PREFIX, SLUG)
    run_jobs(host.app)
    guesses = [f"{PREFIX}/{path.format('x' * 43)}" for path in LINKS]
    assert [client.get(path).status_code for path in guesses] == [404] * len(LINKS)
    answers = [client.get(path) for path in guesses] + [client.post(path) for path in guesses if "ics" not in path]
    assert {answer.status_code for answer in answers} == {429}
    assert int(answers[0].headers["Retry-After"]) > 0
    assert "Your signature is confirmed" in press(client, link(host)).text, (
        "who shares the address of somebody who guesses"
    )


def test_asking_for_tokens_is_limited_too(make_host: MakeHost) -> None:
    host = make_host(captcha="none", rate_limits={"token_host": "2/minute"})
    make_campaign(host.app)
    client = host.app.test_client()
    answers = [client.get(f"{CASE}/sign/token") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_without_a_captcha_the_limit_is_tighter(make_host: MakeHost) -> None:
    host = make_host(captcha="altcha", rate_limits={"sign_uncaptcha": "1/minute"})
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, PREFIX, SLUG).status_code == 303
    assert limited(sign(client, PREFIX, SLUG, **supporter(2)))
    assert sign_with_script(client, **supporter(3)).status_code == 303


@pytest.fixture
def redis_way() -> Iterator[CuttableProxy]:
    """A way to the real Redis that can be cut."""
    need("redis")
    url = make_url(REDIS)
    proxy = CuttableProxy(url.host or "127.0.0.1", url.port or 6379)
    yield proxy
    proxy.close()


def test_limits_hold_when_redis_is_away(
    make_host: MakeHost, redis_way: CuttableProxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    prefix = f"w4r-petitions-{secrets.token_hex(6)}"
    host = make_host(
        captcha="none",
        rate_limits={"sign_host": "3/hour"},
        RATELIMIT_STORAGE_URI=f"{redis_way.url}/9",
        RATELIMIT_KEY_PREFIX=prefix,
    )
    make_campaign(host.app)
    client = host.app.test_client()
    try:
        assert sign(client, PREFIX, SLUG, **supporter(0)).status_code == 303
        redis_way.cut()
        answers = [sign(client, PREFIX, SLUG, **supporter(number)) for number in range(1, 6)]
        assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600
        assert "Rate limit storage is unavailable" in caplog.text
    finally:
        forget(host)


def forget(host: Host) -> None:
    """Remove what a test counted in Redis, and close the connections."""
    storage = host.app.extensions["w4r_limiter"].storage
    storage.storage.close()
    with redis.Redis.from_url(REDIS) as client:
        for key in client.scan_iter(f"*{storage.key_prefix}*"):
            client.delete(key)


def test_every_process_and_site_of_a_section_shares_its_limits(make_host: MakeHost) -> None:
    """Two sites with one Redis and one set of keys: another prefix is no way around."""
    need("redis")
    shared = {
        "captcha": "none",
        "rate_limits": {"sign_host": "3/hour"},
        "encryption_keys": [generate_key()],
        "index_key": generate_key(),
        "RATELIMIT_STORAGE_URI": REDIS,
        "RATELIMIT_KEY_PREFIX": f"w4r-petitions-{secrets.token_hex(6)}",
    }
    first = make_host(**shared)
    second = make_host(section={"preset": "AU", "url_prefix": "/elsewhere"}, **shared)
    make_campaign(first.app)
    sites = [(first, PREFIX), (second, "/elsewhere"), (first, PREFIX), (second, "/elsewhere")]
    try:
        answers = [sign(site.app.test_client(), prefix, SLUG) for site, prefix in sites]
        assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    finally:
        forget(second)
        forget(first)
