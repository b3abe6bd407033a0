"""Every error page, for every way and every place in which a host can raise an error within a request for a page of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response, abort, has_request_context, request
from jinja2 import StrictUndefined
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    default_exceptions,
)

from flask_w4r import W4R, Actor, errors
from flask_w4r.testing import make_campaign
from tests.conftest import Host
from tests.embedding.conftest import MA, MakeSite, host_layout

SECRET = "canary@example.org"
Raise = Callable[[], Any]


class OfTheHost(HTTPException):
    code = 499
    description = SECRET


def soon(**step: float) -> datetime:
    return datetime.now(UTC) + timedelta(**step)


_GIVEN: dict[type[errors.W4RError], tuple[Any, ...]] = {
    errors.TokenExpired: ([[1, 2]],),
    errors.BadValue: (SECRET, SECRET),
}


def ours() -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every error of ours, with arguments that it takes."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.W4RError):
            yield kind, _GIVEN.get(kind, ([SECRET],))


def thrown(error: BaseException) -> Raise:
    def throw() -> None:
        raise error.with_traceback(None)

    return throw


#: What is raised, the status it is answered with, and the header that its answer must have.
RAISED: list[tuple[Raise, int, tuple[str, str] | None]] = [
    *((lambda code=code: abort(code), code, None) for code in default_exceptions),
    (lambda: abort(429, retry_after=90), 429, ("Retry-After", "90")),
    (thrown(TooManyRequests(retry_after=soon(minutes=-5))), 429, ("Retry-After", "1")),
    (thrown(TooManyRequests(retry_after="120")), 429, ("Retry-After", "120")),  # type: ignore[arg-type]
    (thrown(TooManyRequests(retry_after=1.5)), 429, None),  # type: ignore[arg-type]
    (thrown(TooManyRequests(retry_after=10**15)), 429, None),
    (thrown(ServiceUnavailable(retry_after=20)), 503, ("Retry-After", "20")),
    (thrown(MethodNotAllowed(["GET", "HEAD"])), 405, ("Allow", "GET, HEAD")),
    (
        thrown(Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "x y"}))),
        401,
        ("WWW-Authenticate", 'Basic realm="x y"'),
    ),
    (thrown(RequestedRangeNotSatisfiable(7)), 416, ("Content-Range", "bytes */7")),
    (thrown(OfTheHost()), 499, None),
    *((thrown(kind(*given)), 0, None) for kind, given in ours()),
    (thrown(OperationalError(SECRET, {}, Exception(SECRET))), 503, ("Retry-After", "30")),
    (thrown(IntegrityError(SECRET, {}, Exception(SECRET))), 500, None),
    (thrown(ZeroDivisionError(SECRET)), 500, None),
]
#: Where a host's code runs while a page of ours is asked for, and a page that it runs for.
PLACES = {
    "before_request": "/ma/fr/sign",
    "actor_loader": "/ma/fr/moderation/",
    "permission_check": "/ma/fr/moderation/",
}


class Site:
    """A host with a hook of every kind; ``next`` says what each raises."""

    def __init__(self, make_site: MakeSite) -> None:
        self.next: dict[str, Raise] = {}
        w4r = W4R(mailer=lambda message: None, actor_loader=self.who, permission_check=self.may)
        layout = {"layout": "host.html", "public_layout": "host.html", "templates": host_layout()}
        self.host: Host = make_site(section=MA, w4r=w4r, before=self.hooks, **layout)
        self.host.app.jinja_env.undefined = StrictUndefined
        make_campaign(self.host.app)
        assert self.client.get("/ma/fr/moderation/").status_code == 200
        self.host.app.testing = False

    @property
    def client(self) -> Any:
        return self.host.app.test_client()

    def reached(self, place: str) -> None:
        throw = self.next.get(place) if has_request_context() and request.path.startswith("/ma") else None
        if throw is not None:
            throw()

    def who(self) -> Actor:
        self.reached("actor_loader")
        return Actor("7", "Mo")

    def may(self, *asked: Any) -> bool:
        self.reached("permission_check")
        return True

    def hooks(self, app: Flask) -> None:
        app.before_request(lambda: self.reached("before_request"))
        app.url_value_preprocessor(lambda *about: self.reached("url_value_preprocessor"))

        @app.context_processor
        def menu() -> dict[str, Any]:
            self.reached("context_processor")
            return {}

    def asked(self, place: str, throw: Raise, path: str, accept: str = "text/html") -> Any:
        self.next = {place: throw}
        return self.client.get(path, headers={"Accept": accept})


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return Site(make_site)


@pytest.mark.parametrize("place", PLACES)
def test_every_error_has_its_page(site: Site, place: str, caplog: pytest.LogCaptureFixture) -> None:
    for throw, status, header in RAISED:
        answer = site.asked(place, throw, PLACES[place])
        assert answer.status_code == status or status == 0, answer.status
        assert answer.status_code >= 400
        assert "The host's own header" in answer.text, answer.status
        assert 'lang="fr-MA"' in answer.text
        assert f'<p class="w4r-message__code">{answer.status_code}</p>' in answer.text or answer.status_code == 410
        assert answer.mimetype == "text/html"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert SECRET not in answer.text
        if header:
            assert answer.headers.getlist(header[0]) == [header[1]]
        waits = answer.headers.get("Retry-After", "1")
        assert waits.isdigit()
        assert int(waits) > 0
    assert "could not be rendered" not in caplog.text


def test_a_script_gets_json(site: Site) -> None:
    for throw, status, _ in RAISED:
        answer = site.asked("before_request", throw, "/ma/sign", "application/json")
        assert answer.mimetype == "application/json" or answer.status_code == 410
        assert answer.status_code == status or status == 0


def test_a_moment_is_said_in_minutes(site: Site) -> None:
    throw = thrown(TooManyRequests(retry_after=soon(minutes=10)))
    answer = site.asked("before_request", throw, "/ma/fr/sign")
    assert 590 < int(answer.headers["Retry-After"]) <= 600
    assert "10" in answer.text


def test_an_answer_that_the_host_brings_is_sent_as_it_is(site: Site) -> None:
    for throw in (
        lambda: abort(Response("of the host", 429)),
        thrown(OfTheHost(response=Response("of the host", 429))),
    ):
        answer = site.asked("before_request", throw, "/ma/sign")
        assert (answer.status_code, answer.text) == (429, "of the host")


@pytest.mark.parametrize("place", ["url_value_preprocessor", "context_processor"])
def test_where_no_layout_can_be_had_the_page_is_bare(site: Site, place: str) -> None:
    """Before our part of the request has begun, or while the host's own layout is made."""
    for throw, status, _ in RAISED:
        answer = site.asked(place, throw, "/ma/sign")
        assert answer.status_code == (status or answer.status_code)
        assert answer.status_code >= 400
        assert SECRET not in answer.text or status == 499
        assert "<title>" in answer.text
