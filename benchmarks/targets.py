"""What is measured: how each target is set up, and what its requests say."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from .plan import Plan, Step
from .stand import Server

#: The second language of the section, so that translation is on.
PREFIX = "/ma/fr"
SLUG = "ann-example"
CASE = f"{PREFIX}/cases/{SLUG}"
FORM_ID = f"sign:MA:{SLUG}"
AGREED = {"newsletter": "no", "consent": "y", "website": ""}
_TYPED = {"first_name": "Samira", "last_name": "Échantillon", **AGREED}


def get(server: Server, path: str) -> tuple[int, Mapping[str, str], bytes]:
    """Fetch a page by hand."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def sign_step(server: Server, typed: Mapping[str, str] = _TYPED) -> Step:
    """A signature with the token that a visitor gets, which is not single-use."""
    status, _, answer = get(server, f"{CASE}/sign/token")
    if status != 200:
        raise RuntimeError(f"the token page answered {status}")
    body = urlencode({**typed, "form_token": json.loads(answer)["form_token"]}, quote_via=quote)
    return Step("POST", f"{CASE}/sign", 303, body)


def plans(floor: Server, plain: Server, altcha: Server, hosted: Server) -> dict[str, Plan]:
    """Every target by name."""
    insert = Step("POST", "/insert", 303, "first_name=Samira&last_name=%C3%89chantillon&consent=y")
    alone = Step("POST", "/insert-autocommit", 303, insert.body)
    sign = sign_step(plain)
    page = Step("GET", CASE, 200)
    token = Step("GET", f"{CASE}/sign/token", 200)
    return {
        "floor insert": Plan(floor.port, (insert,)),
        "floor insert, autocommit": Plan(floor.port, (alone,)),
        "sign": Plan(plain.port, (sign,)),
        "sign, ALTCHA": Plan(altcha.port, (sign_step(altcha),)),
        "floor page": Plan(floor.port, (Step("GET", "/page", 200),)),
        "case page": Plan(plain.port, (page,)),
        "host's own page": Plan(hosted.port, (Step("GET", f"/own{CASE}", 200),)),
        "case page, host's layout": Plan(hosted.port, (page,)),
        "floor visit": Plan(floor.port, (Step("GET", "/page", 200), Step("GET", "/token", 200), insert)),
        "visit": Plan(plain.port, (page, token, sign)),
    }
