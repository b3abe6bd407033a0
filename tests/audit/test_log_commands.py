"""The log at the command line: a check of it, and what commands themselves write in it."""

from __future__ import annotations

import json
from typing import Any

from flask_w4r.testing import make_campaign
from tests.audit.writing import tamper, verify, write
from tests.conftest import Host, MakeHost


def invoke(host: Host, *args: str) -> Any:
    return host.app.test_cli_runner().invoke(args=["w4r", *args])


def test_the_command(make_host: MakeHost) -> None:
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    host = make_host(sections=sections)
    assert "AU: sound; 0 entries" in host.run("w4r", "audit", "verify").output
    head = write(host, 3)
    other = write(host, 2, section="MA")
    output = host.run("w4r", "audit", "head").output
    assert output.split() == ["AU", str(head), "MA", str(other)]
    assert host.run("w4r", "audit", "head", "--section", "MA").output.split() == ["MA", str(other)]
    assert invoke(host, "audit", "verify", "--expect", str(head)).exit_code == 2
    assert invoke(host, "audit", "verify", "--expect", "12", "--section", "AU").exit_code == 2
    assert invoke(host, "audit", "verify", "--section", "ZZ").exit_code == 2
    host.run("w4r", "audit", "verify", "--expect", str(head), "--section", "au")
    wrong = invoke(host, "audit", "verify", "--expect", str(other), "--section", "AU", "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.output)["sections"][0]["faults"][0]["kind"] == "expected"
    tamper(host, "DELETE FROM w4r_audit WHERE section = 'AU' AND seq = 2")
    result = invoke(host, "audit", "verify")
    assert result.exit_code == 1
    assert "AU: entry 2 is missing" in result.output
    assert "MA: sound; 2 entries" in result.output
    assert "Traceback" not in result.output


def test_a_section_that_the_site_no_longer_has_is_verified_too(make_host: MakeHost) -> None:
    key = {"index_key": "A" * 43 + "="}
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    write(make_host(sections=sections, **key), 2, section="MA")
    host = make_host(**key)
    assert "MA: sound; 2 entries" in host.run("w4r", "audit", "verify").output
    assert "MA: sound; 2 entries" in host.run("w4r", "audit", "verify", "--section", "ma").output


def test_many_faults_are_cut_short_in_words_and_whole_in_json(host: Host) -> None:
    write(host, 30)
    tamper(host, "UPDATE w4r_audit SET actor_id = 'eve'")
    assert "and 10 more" in invoke(host, "audit", "verify").output
    assert len(json.loads(invoke(host, "audit", "verify", "--json").output)["sections"][0]["faults"]) == 30


def logged_acts(host: Host) -> list[tuple[str, str, int]]:
    rows = host.rows("SELECT action, subject, count, actor_id FROM w4r_audit ORDER BY seq")
    assert {row.actor_id for row in rows} <= {"cli"}
    return [(row.action, row.subject, row.count) for row in rows]


def test_what_commands_do_is_logged(host: Host) -> None:
    make_campaign(host.app)
    host.run("w4r", "case", "status", "ann-example", "closed")
    host.run("w4r", "case", "status", "ann-example", "closed")  # Changes nothing.
    host.run("w4r", "kit", "import", "2021", "--dry-run")
    assert logged_acts(host) == [("case_status", "case:ann-example", 1)]
    assert json.loads(host.rows("SELECT changes FROM w4r_audit")[0][0]) == {"status": ["active", "closed"]}
    host.run("w4r", "kit", "import", "2021")
    host.run("w4r", "kit", "import", "2021")
    assert logged_acts(host)[1:] == [("kit_imported", "edition:2021", 1)]
    host.run("w4r", "mail", "bounced", "Sam.Private@example.org")
    host.run("w4r", "mail", "bounced", "sam.private@example.org")
    assert logged_acts(host)[2:] == [("mail_bounced", "mail", 1)]
    assert "private" not in str(host.rows("SELECT * FROM w4r_audit")).lower()
    host.run("w4r", "keys", "rotate")
    host.run("w4r", "tally", "recount", "--fix")
    assert len(logged_acts(host)) == 3  # Nothing was to do.
    host.run("w4r", "db", "check")
    assert not verify(host).faults


def test_corrected_counts_are_logged(host: Host) -> None:
    from flask_w4r.testing import make_signatures

    make_campaign(host.app)
    make_signatures(host.app, "ann-example", 3, state="confirmed")
    tamper(host, "UPDATE w4r_tally SET count = count + 2")
    assert invoke(host, "tally", "recount").exit_code == 1
    assert logged_acts(host) == []
    host.run("w4r", "tally", "recount", "--fix")
    ((action, subject, _),) = logged_acts(host)
    assert (action, subject) == ("counts_corrected", "tally")


def test_rotated_keys_are_logged_in_every_section(make_host: MakeHost) -> None:
    from flask_w4r.keyring import generate_key
    from flask_w4r.testing import make_signatures

    old, key = generate_key(), {"index_key": generate_key()}
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    first = make_host(sections=sections, encryption_keys=[old], **key)
    make_campaign(first.app)
    make_signatures(first.app, "ann-example", 7, section="AU")
    second = make_host(sections=sections, encryption_keys=[generate_key(), old], **key)
    second.run("w4r", "keys", "rotate", "--batch", "3")
    assert logged_acts(second) == [("keys_rotated", "site", 7)] * 2
    assert not verify(second).faults
    assert not verify(second, "MA").faults
