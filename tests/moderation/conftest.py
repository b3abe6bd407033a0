"""A section's desk, with staff whose rights a test chooses by a request header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from flask_w4r import W4R, Actor
from flask_w4r.state import Permission
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign
from tests.conftest import Host, MakeHost

ALL = ",".join(Permission)


def load_actor() -> Actor | None:
    name = request.headers.get("X-Actor")
    return Actor(name, f"Staff {name}") if name else None


def check_permission(actor: Actor, permission: Permission, section: Any) -> bool:
    """Granted as the header says: ``X-May: view_queue,decide``, in the section of ``X-Section`` (any by default)."""
    wanted = request.headers.get("X-Section", section.code)
    return section.code == wanted and permission.value in request.headers.get("X-May", "").split(",")


class Staff:
    """A member of staff at work: a client with the headers that say who they are and what they may do."""

    def __init__(self, client: FlaskClient, actor: str, may: str, section: str | None) -> None:
        self.client = client
        self.headers = {"X-Actor": actor, "X-May": may, **({"X-Section": section} if section else {})}

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, headers=self.headers, **options)

    def post(self, path: str, data: Any = None, *, page: str = "/au/moderation/") -> Any:
        """POST with the CSRF token of a page of the desk."""
        _, fields = form_fields(self.get(page), "csrf_token")
        return self.client.post(path, data={"csrf_token": fields["csrf_token"], **(data or {})}, headers=self.headers)


@pytest.fixture
def desk(make_host: MakeHost) -> Host:
    """A site with the Australian section at ``/au``, one active case ``ann-example``, and a desk."""
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission)
    host = make_host(w4r=w4r)
    host.mailer = mailer
    make_campaign(host.app)
    return host


@pytest.fixture
def staff(desk: Host) -> Callable[..., Staff]:
    """Members of staff: ``staff()``, ``staff("eve", may="view_queue")``."""

    def make(actor: str = "mo", may: str = ALL, section: str | None = None) -> Staff:
        return Staff(desk.app.test_client(), actor, may, section)

    return make
