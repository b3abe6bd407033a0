"""What a tile server adds to the policy."""

from __future__ import annotations

import pytest

from flask_w4r.web.csp import csp_directives, csp_header, tiles_csp


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org"),
        ("https://tiles.example.org:8443/{z}/{x}/{y}.png?key=1", "https://tiles.example.org:8443"),
        ("https://{s}.tiles.example.org/{z}/{x}/{y}.png", "https://*.tiles.example.org"),
        ("https://tiles-{s}.example.org/{z}/{x}/{y}.png", "https://*.example.org"),
    ],
)
def test_a_tile_server_may_send_pictures_and_nothing_else(url: str, source: str) -> None:
    with_tiles = csp_directives({}, tiles_csp({"url": url, "attribution": "", "max_zoom": 16}))
    without = csp_directives({}, tiles_csp(None))
    assert with_tiles.pop("img-src") == ["'self'", source]
    assert without.pop("img-src") == ["'self'"]
    assert with_tiles == without


def test_the_captcha_and_the_tiles_add_up() -> None:
    captcha = {"script-src": ["https://captcha.example.org"], "img-src": ["https://captcha.example.org"]}
    tiles = {"url": "https://tiles.example.org/", "attribution": "", "max_zoom": 9}
    header = csp_header(captcha, tiles_csp(tiles))
    assert "img-src 'self' https://captcha.example.org https://tiles.example.org;" in header
    assert header.startswith("default-src 'none'")
