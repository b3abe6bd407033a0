"""What the documentation says of telling others."""

from __future__ import annotations

from sqlalchemy import select

from flask_w4r.models import ShareCount
from flask_w4r.services.sharing import counting
from flask_w4r.services.storage.unit_of_work import read

from .conftest import MakeSite
from .pages import covers, settings_of


@covers("share_sources.py")
def test_places_of_its_own(make_site: MakeSite) -> None:
    """Links to a network that is left out carry nothing; a place that is named is counted."""
    table = settings_of("share_sources.py")["W4R_SECTION"]
    app = make_site(W4R_SECTION={**table, "url_prefix": "/act"})
    client = app.test_client()
    shared = client.get("/act/cases/ann-example/share").text
    assert "src%3Dbluesky" in shared
    assert "src%3Dfacebook" not in shared
    for source in ("bus-stops", "facebook"):
        client.post(
            "/act/cases/ann-example/share/visit", data={"via": source}, headers={"Sec-Fetch-Site": "same-origin"}
        )
    counting.visits(app).flush(app)
    counted = read(app, lambda session: session.execute(select(ShareCount.source, ShareCount.count)).all())
    assert [tuple(row) for row in counted] == [("bus-stops", 1)]
