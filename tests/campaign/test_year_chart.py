"""Actions by year: exact, rounded and least numbers are told apart, by pattern and in words."""

from __future__ import annotations

from typing import Any

from flask_w4r.models import YearTotal
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import make_campaign
from tests.conftest import Host


def test_kinds_of_figures_are_told_apart(host: Host) -> None:
    make_campaign(host.app)
    section = host.rows("SELECT section FROM w4r_case")[0].section

    def work(uow: Any) -> None:
        for year, qualifier in ((2020, ""), (2021, "about"), (2022, "at_least"), (2023, "over")):
            uow.session.add(
                YearTotal(
                    section=section, year=year, total=4_000_000, qualifier=qualifier, source="https://www.example.org/a"
                )
            )

    run(host.app, work)
    page = host.app.test_client().get(f"/{section.lower()}/impact").text
    assert page.count('w4r-chart__bar"') == 1
    assert page.count("w4r-chart__bar--about") == 1
    assert page.count("w4r-chart__bar--least") == 2
    assert page.count("At least so many") == 2
    assert page.count('href="https://www.example.org/a"') == 4
