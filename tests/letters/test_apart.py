"""What goes to an authority and what goes to the person at risk are never on one paper."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_w4r.topics import SOLIDARITY_RULES
from flask_w4r.web.kept import PageCache
from tests.conftest import Host

from .test_hosts import as_host, event_of
from .world import ANN, change, words_of

#: Words that stand in nothing else.
MARK = st.text("qxzj", min_size=10, max_size=14)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MARK, MARK, st.sets(st.sampled_from(sorted(SOLIDARITY_RULES)), min_size=1))
def test_nothing_for_the_person_at_risk_is_on_a_paper_for_an_authority(
    site: Host, address: str, hint: str, rules: Any
) -> None:
    change(
        site.app, texts={"solidarity.hint": hint},
        solidarity={"route": "direct", "address": f"{address}\nCell 4", "languages": ["en"], "rules": sorted(rules)},
    )  # fmt: skip
    site.app.extensions["w4r"].lazy.pop("pages", PageCache())
    client, host = site.app.test_client(), as_host(site, event_of(site, ANN, slug=address, uid=address))
    papers = [
        words_of(client.get(f"/au/{path}").data)
        for path in (f"cases/{ANN}/letter.pdf", "letters.pdf", f"cases/{ANN}/petition.pdf")
    ]
    papers += [words_of(host.get("/au/host/kit.pdf").data), client.get(f"/au/cases/{ANN}/letter").text]
    for text in papers:
        assert "Ann Example" in text
        assert address not in text and hint not in text and "Cell 4" not in text
        assert not [str(SOLIDARITY_RULES[rule]) for rule in rules if str(SOLIDARITY_RULES[rule]) in text]
