"""What an officer gets: a record that forgets no table, and words that follow the configuration."""

from __future__ import annotations

import json

from flask_w4r.state import get_state
from tests.conftest import MakeHost


def test_the_record_has_all_that_is_personal_with_why_and_how_long(make_host: MakeHost) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au", "retention": {"event_days": 12}})
    found = json.loads(host.run("w4r", "privacy", "record", "--json").output)
    state = get_state(host.app)
    told = {(entry["table"], column) for entry in found for column in entry["columns"]}
    assert told == {(item.table, column) for item in state.seam.personal for column in item.columns}
    for entry in found:
        assert len(entry["purpose"]) > 20, entry
        assert len(entry["kept"]) > 10, entry
        assert "_days" not in entry["kept"], entry
    assert "12 days" in next(entry["kept"] for entry in found if entry["table"] == "w4r_rsvp")
    assert "w4r_signature" in host.run("w4r", "privacy", "record").output


def test_the_notice_says_what_is_configured(make_host: MakeHost) -> None:
    plain = make_host(captcha="none").run("w4r", "privacy", "notice").output
    assert "14 days" in plain
    assert "No other company processes your data" in plain
    assert "hCaptcha" not in plain
    host = make_host(
        hcaptcha_site_key="10000000-ffff-ffff-ffff-000000000009", hcaptcha_secret_key="0x" + "1" * 40,
        map_tiles={"url": "https://tiles.example.org/{z}/{x}/{y}.png", "attribution": "x", "max_zoom": 16},
        section={"preset": "MA", "url_prefix": "/ma", "retention": {"pending_days": 3}},
    )  # fmt: skip
    told = host.run("w4r", "privacy", "notice", "--locale", "fr").output
    assert "hCaptcha" in told
    assert "tiles.example.org" in told
    assert "3\xa0jours" in told or "3 jours" in told
    bad = host.app.test_cli_runner().invoke(args=["w4r", "privacy", "notice", "--locale", "xx"])
    assert (bad.exit_code, "the section has" in bad.output) == (2, True)
