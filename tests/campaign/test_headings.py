"""A story's headings stand one level below the heading that it stands under, however they were written."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import CaseText, ImpactStory
from flask_w4r.services.campaign.catalogue import render_story
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import make_campaign
from tests.conftest import Host

STORY = "# She sang\n\nA song.\n\n### Then\n\nA cell.\n\nAnd now\n=======\n\nShe waits."


@pytest.mark.parametrize(
    ("story", "below", "levels"),
    [
        (STORY, 1, [2, 3, 2]),
        (STORY, 2, [3, 4, 3]),
        ("## Then\n\n## Now", 1, [2, 2]),
        ("##### Deep\n\n# High", 1, [3, 2]),
        ("# a\n# b\n## c\n### d\n#### e\n##### f\n###### g", 1, [2, 2, 3, 4, 5, 6, 6]),
        ("Nothing, # but words", 1, []),
        ("> # Quoted", 1, [2]),
    ],
)
def test_levels(story: str, below: int, levels: list[int]) -> None:
    html = render_story(story, below)
    assert [int(level) for level in re.findall(r"<h(\d)>", html)] == levels
    assert [int(level) for level in re.findall(r"</h(\d)>", html)] == levels


def test_a_page_has_one_first_heading_and_no_gap(host: Host) -> None:
    make_campaign(host.app)

    def work(uow: Any) -> None:
        execute(uow.session, update(CaseText).where(CaseText.field == "story").values(centre_base=STORY))
        uow.session.add(ImpactStory(
            section="AU", slug="bo", name="Bo", country="NZ", edition="2026", happened_on="2026", outcome="freed",
            figures=[], quotes=[], source="x", source_title="x",
            texts={"en": {"title": "Free", "summary": "Free.", "story": STORY}},
        ))  # fmt: skip

    run(host.app, work)
    for path in ("/au/cases/ann-example", "/au/impact"):
        html = host.app.test_client().get(path).text
        levels = [int(level) for level in re.findall(r"<h(\d)[ >]", html)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        assert "She sang</h" in html
