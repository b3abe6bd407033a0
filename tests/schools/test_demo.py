"""``flask w4r demo``: a school that says that it is not real, and the ways to its pages."""

from __future__ import annotations

import re

from flask_w4r.models import Pupil, School, SchoolClass
from flask_w4r.testing import form_fields
from tests.conftest import MakeHost

from .helpers import rows


def test_a_demo_school_is_there_once_and_its_doors_are_printed(make_host: MakeHost) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au", "class_mode": "names"})
    for _ in range(2):
        said = host.run("w4r", "demo").output
    doors = re.findall(r"http://localhost(/au/\S+)", said)
    assert len(doors) == 5, said
    teacher = host.app.test_client()
    _, fields = form_fields(teacher.get(doors[0]), "form_token")
    assert teacher.post(doors[0], data=fields).location == "/au/school"
    page = teacher.get("/au/school").text
    assert "Demo school (not real)" in page
    for door in doors[1:]:
        answer = host.app.test_client().get(door)
        assert answer.status_code == 200
        assert "Demo school (not real)" in answer.text
    assert len(rows(host, School)) == 1
    assert [(one.size, one.people) for one in rows(host, SchoolClass)] == [(28, 19), (24, 6)]
    keyring = host.app.extensions["w4r"].keyring
    assert {keyring.open_json(one.person)["name"] for one in rows(host, Pupil)} == {"Demo"}
    assert host.app.test_client().get("/au/tally.json").get_json()["people"] == 25
    host.run("w4r", "tally", "recount")


def test_without_links_of_classes_the_demo_school_has_none(make_host: MakeHost) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au"})
    assert "/au/class/" not in host.run("w4r", "demo").output
    assert (len(rows(host, School)), rows(host, SchoolClass)) == (1, [])
