"""The share page of a case: for everybody the same, with texts that fit, plain links, pictures and papers."""

from __future__ import annotations

import io

from PIL import Image

from flask_w4r.testing import make_campaign
from tests.embedding.conftest import AU, MA, MakeSite

SHARE = "/au/cases/ann-example/share"


def test_the_share_page_is_the_same_for_everybody(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    first, second = client.get(SHARE), client.get(f"{SHARE}?src=x&v=3", headers={"Cookie": "a=b"})
    assert first.status_code == 200
    assert first.data == second.data
    assert first.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in first.headers
    assert "https://wa.me/?text=" in first.text
    assert "src%3Dwhatsapp" in first.text


def test_pictures_are_of_their_sizes_and_kept(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    for shape, size in (("wide", (1200, 630)), ("square", (1080, 1080)), ("story", (1080, 1920))):
        answer = client.get(f"/ma/cases/ann-example/share/{shape}.jpg")
        assert answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.data)).size == size
        assert client.get(f"/ma/cases/ann-example/share/{shape}.jpg").data == answer.data
        again = client.get(
            f"/ma/cases/ann-example/share/{shape}.jpg", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
    assert client.get("/ma/cases/ann-example/share/round.jpg").status_code == 404
