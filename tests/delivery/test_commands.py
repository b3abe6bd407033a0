"""``flask w4r deliver``: from a case's signatures to the files, the hand-over and the public pages."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database

SLUG = "ann-example"
TO = "Embassy of Example, Canberra"


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host()
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


def invoke(host: Host, *words: str) -> Any:
    return host.app.test_cli_runner().invoke(args=["w4r", "deliver", *words])


@every_database
def test_from_signing_to_the_public_page(host: Host, tmp_path: Path) -> None:
    make_signatures(host.app, SLUG, 5, state="confirmed", withhold_name=lambda number: number == 2)
    make_signatures(host.app, SLUG, 1, email=lambda number: "p@example.org")
    out = tmp_path / "out"
    said = json.loads(host.run("w4r", "deliver", "prepare", SLUG, "--to", TO, "--out", str(out), "--json").output)
    assert (said["case"], said["to"], said["count"], said["withheld"], said["names"]) == (SLUG, TO, 5, 1, 4)
    assert said == json.loads((out / "batch.json").read_text())
    text = (out / "names.csv").read_bytes()
    assert hashlib.sha256(text).hexdigest() == said["digest"]
    rows = list(csv.reader(text.decode().splitlines()))
    assert rows[0] == ["number", "name", "country"]
    assert rows[1:] == [[str(n), f"Sam Sample{m}", "AU"] for n, m in enumerate((1, 3, 4, 5), 1)]
    assert {path.name for path in out.iterdir()} == {"names.csv", "book-1.pdf", "certificate.pdf", "batch.json"}
    assert oct((out / "names.csv").stat().st_mode)[-3:] == "600"

    nothing = invoke(host, "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "again"))
    assert (nothing.exit_code, "nothing to deliver" in nothing.output) == (1, True)
    client = host.app.test_client()
    assert client.get(f"/au/deliveries/{said['id']}").status_code == 404
    day = host.rows("SELECT prepared_at FROM w4r_delivery")[0][0]
    host.run("w4r", "deliver", "handed-over", said["id"], "--on", str(day)[:10], "--by", "Jo Bloggs")
    page = client.get(f"/au/deliveries/{said['id']}")
    assert f"5 signatures were handed to {TO} on" in page.text
    assert said["root"] in page.text
    for path in ("/au/deliveries", f"/au/cases/{SLUG}"):
        assert f"5 signatures were handed to {TO} on" in client.get(path).text
    assert "Bloggs" not in page.text
    assert len(host.rows("SELECT id FROM w4r_signature WHERE delivered_at IS NOT NULL")) == 5
