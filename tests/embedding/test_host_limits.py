"""A host's own limits for its own pages: they count nothing of ours, unless the host says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_limiter import ExemptionScope, Limiter
from flask_limiter.util import get_remote_address

from flask_w4r import W4R
from flask_w4r.testing import make_campaign, sign
from tests.conftest import Host
from tests.embedding.conftest import AU, MA, MakeSite, clear_pages, own_pages

#: What one pupil of a class opens.
WALK = (
    "/au/", "/au/cases/ann-example", "/au/cases/ann-example/sign", "/au/sign/token", "/au/tally.json", "/au/events",
    "/au/theme.css", "/w4r-static/css/w4r.css", "/au/confirm/nothing", "/au/nowhere", "/au/healthz",
)  # fmt: skip


def limiter(**options: Any) -> Limiter:
    return Limiter(get_remote_address, storage_uri="memory://", in_memory_fallback_enabled=True, **options)


def statuses(host: Host, path: str, times: int) -> set[int]:
    client = host.app.test_client()
    return {client.get(path, buffered=True).status_code for _ in range(times)}


def walk(host: Host) -> set[int]:
    """Each page three times."""
    found = set()
    for path in WALK:
        clear_pages(host)
        found |= statuses(host, path, 3)
    return found


KINDS: dict[str, dict[str, Any]] = {
    "by default": {"default_limits": ["200 per day", "2 per hour"]},
    "for the app": {"application_limits": ["2 per hour"]},
    "per method": {"default_limits": ["2 per hour"], "default_limits_per_method": True},
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_hosts_limits_count_none_of_our_pages(make_site: MakeSite, kind: str, when: str) -> None:
    def limits(app: Flask) -> None:
        own_pages(app)
        limiter(**KINDS[kind]).init_app(app)

    host = make_site(**{when: limits}, section={**AU, "theme": {"ink": "#111111"}})
    make_campaign(host.app)
    assert 429 not in walk(host)
    assert [sign(host.app.test_client(), "/au", "ann-example").status_code for _ in range(3)] == [303] * 3
    assert statuses(host, "/own", 3) == {200, 429}, "the host's own pages are counted as ever"
    assert 429 not in walk(host)


def test_limits_that_the_configuration_names(make_site: MakeSite) -> None:
    host = make_site(before=limiter().init_app, RATELIMIT_DEFAULT="2 per hour", RATELIMIT_APPLICATION="2 per hour")
    assert 429 not in walk(host)


def test_several_limiters_are_all_kept_off(make_site: MakeSite) -> None:
    chosen = limiter(default_limits=["2 per hour"])

    def two(app: Flask) -> None:
        limiter(key_prefix="second", default_limits=["2 per hour"]).init_app(app)
        chosen.init_app(app)

    host = make_site(before=two, w4r=W4R(limiter=chosen, mailer=lambda message: None))
    assert 429 not in walk(host)


def test_every_mount_is_the_same(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA], before=limiter(default_limits=["2 per hour"]).init_app)
    for path in ("/au/sign", "/ma/sign", "/ma/fr/sign"):
        assert statuses(host, path, 3) == {200}


def test_a_storage_that_is_away_lets_no_other_limit_in(make_site: MakeSite) -> None:
    """A host may name limits for that time: those would count every page of the site."""
    own = Limiter(
        get_remote_address, storage_uri="redis://127.0.0.1:1/0", default_limits=["9 per hour"],
        in_memory_fallback=["2 per hour"],
    )  # fmt: skip

    def limits(app: Flask) -> None:
        own_pages(app)
        own.init_app(app)

    host = make_site(before=limits)
    assert statuses(host, "/own", 3) == {200, 429}
    assert statuses(host, "/au/sign", 3) == {200}


def test_who_is_shut_out_of_the_hosts_pages_still_has_ours(make_site: MakeSite) -> None:
    def limits(app: Flask) -> None:
        own_pages(app)
        limiter(default_limits=["1 per hour"], meta_limits=["1 per hour"]).init_app(app)

    host = make_site(before=limits)
    assert statuses(host, "/own", 3) == {200, 429}
    assert statuses(host, "/au/sign", 3) == {200}


def on_the_blueprint(app: Flask, own: Limiter) -> None:
    own.limit("2/hour")(app.blueprints["w4r_au"])


def on_the_view(app: Flask, own: Limiter) -> None:
    app.view_functions["w4r_au.sign_all"] = own.limit("2/hour")(app.view_functions["w4r_au.sign_all"])


@pytest.mark.parametrize("place", [on_the_blueprint, on_the_view])
def test_a_limit_that_the_host_puts_on_our_pages_holds(
    make_site: MakeSite, place: Callable[[Flask, Limiter], None]
) -> None:
    own = limiter(default_limits=["1 per hour"])
    host = make_site(before=own.init_app, after=lambda app: place(app, own))
    client = host.app.test_client()
    assert [client.get("/au/sign").status_code for _ in range(3)] == [200, 200, 429]


def test_what_the_host_exempts_itself_stays_exempt(make_site: MakeSite) -> None:
    own = limiter(default_limits=["1 per hour"])
    host = make_site(
        before=own.init_app, after=lambda app: own.exempt(app.blueprints["w4r_au"], flags=ExemptionScope.ANCESTORS)
    )
    assert 429 not in walk(host)


def test_a_host_may_have_its_limits_count_ours(make_site: MakeSite) -> None:
    host = make_site(before=limiter(default_limits=["2 per hour"]).init_app, host_limits=True)
    client = host.app.test_client()
    answers = [client.get("/au/sign") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert "Wait 60 minutes" in answers[-1].text


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_the_key_is_true_or_false(make_site: MakeSite, value: Any) -> None:
    from flask_w4r import ConfigurationError

    if value is None:
        assert make_site(host_limits=value).app.extensions["w4r"].config.host_limits is False
        return
    with pytest.raises(ConfigurationError, match="W4R_HOST_LIMITS: must be True or False"):
        make_site(host_limits=value)
