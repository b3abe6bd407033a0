"""A section moves from one database to another and back: nothing is lost, nobody is taken for somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select

from flask_w4r.keyring import generate_key
from flask_w4r.services.moves.tables import is_of, order, owned
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_events, make_signatures, run_jobs, sign, submit
from tests import services
from tests.conftest import DATABASES, Host, MakeHost
from tests.databases import Supply
from tests.petitions.helpers import link

KEYS = {"encryption_keys": [generate_key()], "index_key": generate_key()}
#: What is made with the key of a day, and stays behind.
OF_DAY = {"net_host", "net_site", "net_block", "cap_index"}


@pytest.fixture
def databases(supply: Supply, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database of each kind, and one more of SQLite to come back to."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        urls = {}
        for kind in DATABASES:
            services.need(kind)
            urls[kind] = stack.enter_context(supply.lend(kind, tmp_path / f"{kind}.sqlite3", tables=True))
        urls["again"] = stack.enter_context(supply.lend("sqlite", tmp_path / "again.sqlite3", tables=True))
        yield urls


@pytest.fixture
def passphrase(tmp_path: Path) -> list[str]:
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery staple\n")
    return ["--passphrase-file", str(path)]


def lived_in(host: Host) -> None:
    """Everything that a section may have."""
    make_campaign(host.app, ["ann", "ben"])
    make_signatures(host.app, "ann", 2100, state="confirmed")
    make_signatures(host.app, "ben", 3, state="confirmed", first_name="Zoë 山田")
    client = host.app.test_client()
    sign(client, "/au", "ann", email="kim@example.org", newsletter="yes")
    run_jobs(host.app)
    submit(client, client.get(link(host, "/confirm/")))
    sign(client, "/au", "ben", email="pat@example.org")
    make_events(host.app, 3)
    with host.engine.begin() as connection:
        case = connection.exec_driver_sql("SELECT min(id) FROM w4r_case").scalar()
        event = connection.exec_driver_sql("SELECT min(id) FROM w4r_event").scalar()
        connection.execute(owned()["w4r_event_case"].insert().values(event_id=event, case_id=case))
        # As hosts type them: MariaDB keeps whole seconds of these.
        events = owned()["w4r_event"]
        for row in connection.execute(select(events.c.id, events.c.starts_local, events.c.ends_local)).all():
            whole = {"starts_local": row[1].replace(microsecond=0), "ends_local": row[2].replace(microsecond=0)}
            connection.execute(events.update().where(events.c.id == row[0]).values(whole))
        picture = owned()["w4r_picture"]
        for width in (320, 640):
            connection.execute(
                picture.insert().values(
                    case_id=case, width=width, height=width, mime="image/jpeg", digest="0" * 64, data=bytes(range(256)) * width
                )
            )  # fmt: skip


def content(host: Host, code: str = "AU") -> dict[str, list[Any]]:
    """Every row of a section, but for what stays behind, and the log's last entries, which say that it moved."""
    found: dict[str, list[Any]] = {}
    with host.engine.connect() as connection:
        for name, table in owned().items():
            columns = [column for column in table.columns if column.name not in OF_DAY]
            rows = connection.execute(select(*columns).where(is_of(table, code)).order_by(*order(table))).all()
            found[name] = [
                tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows
            ]
    for name in ("w4r_audit", "w4r_audit_head"):
        del found[name]
    return found


def moved(make_host: MakeHost, host: Host, url: str, file: Path, **config: Any) -> Host:
    identity = pyrage.x25519.Identity.generate()
    key = file.with_suffix(".key")
    key.write_text(str(identity))
    host.run("w4r", "section", "export", str(file), "--recipient", str(identity.to_public()))
    other = make_host(url, captcha="none", **{**KEYS, **config})
    output = other.run("w4r", "section", "import", str(file), "--identity", str(key)).output
    assert "rows of" in output
    return other


@pytest.mark.slow
def test_there_and_back(make_host: MakeHost, databases: dict[str, str], tmp_path: Path) -> None:
    first = make_host(databases["sqlite"], captcha="none", **KEYS)
    lived_in(first)
    before = content(first)
    assert {name for name, rows in before.items() if rows} >= {
        "w4r_signature", "w4r_consent", "w4r_case_text", "w4r_event", "w4r_event_case", "w4r_outbox", "w4r_token",
        "w4r_edition_person", "w4r_tally", "w4r_picture", "w4r_consent_text",
    }  # fmt: skip
    host = first
    for number, kind in enumerate(("postgresql", "mariadb", "again")):
        host = moved(make_host, host, databases[kind], tmp_path / f"{number}.w4r")
        assert content(host) == before, kind
        assert "sound" in host.run("w4r", "audit", "verify").output
        assert "0 differ" in host.run("w4r", "tally", "recount").output
    # The site goes on at once: who signed is known, who did not is counted, and links in mails hold.
    signatures = len(before["w4r_signature"])
    client = host.app.test_client()
    host.mailer.messages += first.mailer.messages
    sign(client, "/au", "ann", email="kim@example.org")
    sign(client, "/au", "ann", email="made-up-7@example.org")
    assert len(host.rows("SELECT id FROM w4r_signature")) == signatures
    sign(client, "/au", "ben", email="kim@example.org")
    assert len(host.rows("SELECT id FROM w4r_signature")) == signatures + 1
    assert client.get("/au/").status_code == 200
    assert client.get(link(first, "/confirm/")).status_code == 200


@pytest.mark.parametrize("kind", DATABASES)
def test_rows_that_come_later_are_numbered_after(
    make_host: MakeHost, databases: dict[str, str], kind: str, tmp_path: Path
) -> None:
    first = make_host(databases["again"], captcha="none", **KEYS)
    make_campaign(first.app, ["ann"])
    make_signatures(first.app, "ann", 5, state="confirmed")
    host = moved(make_host, first, databases[kind], tmp_path / "archive")
    for number in range(3):
        sign(host.app.test_client(), "/au", "ann", email=f"new{number}@example.org")
    ids = [row[0] for row in host.rows("SELECT id FROM w4r_signature ORDER BY id")]
    assert ids[:5] == [1, 2, 3, 4, 5]
    assert len(ids) == len(set(ids)) == 8


def refused(host: Host, file: Path, how: list[str]) -> str:
    result = host.app.test_cli_runner().invoke(args=["w4r", "section", "import", str(file), *how])
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    with host.engine.connect() as connection:
        for name, table in owned().items():
            if name == "w4r_signature":
                assert connection.execute(select(table.c.id)).first() is None, "all or nothing"
    return result.output.strip()


@pytest.mark.usefixtures("quick_passphrases")
def test_what_cannot_come_in_is_refused_with_the_mend(
    make_host: MakeHost, tmp_path: Path, passphrase: list[str]
) -> None:
    first = make_host(captcha="none", **KEYS)
    make_campaign(first.app, ["ann"])
    make_signatures(first.app, "ann", 3, state="confirmed")
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), *passphrase)

    def site(number: int, **config: Any) -> Host:
        return make_host(f"sqlite:///{tmp_path}/{number}.sqlite3", captcha="none", **{**KEYS, **config})

    told = refused(site(1, encryption_keys=[generate_key()]), file, passphrase)
    assert "w4r_signature.person is sealed with a key that this site does not have" in told
    told = refused(site(2, index_key=generate_key()), file, passphrase)
    assert "into this site's W4R_INDEX_KEYS_OLD" in told
    told = refused(site(3, section="NZ"), file, passphrase)
    assert "this site has no section 'AU'" in told
    full = site(4)
    make_campaign(full.app, ["cat"])
    told = refused(full, file, passphrase)
    assert "section AU has rows here already" in told
    assert "flask w4r section erase AU --yes" in told
    wrong = tmp_path / "wrong"
    wrong.write_text("another one altogether")
    assert "the passphrase does not open the archive" in refused(site(5), file, ["--passphrase-file", str(wrong)])
    shared = site(
        6, section=None, sections=[{"preset": "AU", "url_prefix": "/au"}, {"preset": "NZ", "url_prefix": "/nz"}]
    )
    make_campaign(shared.app, ["ann"])
    shared.run("w4r", "section", "erase", "AU", "--yes")
    with shared.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_case SET id = 1")
    assert "Import into a database of its own (W4R_BIND_KEY)" in refused(shared, file, passphrase)


@pytest.mark.usefixtures("quick_passphrases")
def test_an_archive_that_was_changed_or_cut_short_is_refused(
    make_host: MakeHost, tmp_path: Path, passphrase: list[str]
) -> None:
    first = make_host(captcha="none", **KEYS)
    make_campaign(first.app, ["ann"])
    make_signatures(first.app, "ann", 400, state="confirmed")
    file, bad = tmp_path / "archive", tmp_path / "bad"
    first.run("w4r", "section", "export", str(file), *passphrase)
    whole = file.read_bytes()
    assert b"made-up" not in whole
    assert b"w4r_signature" not in whole
    assert oct(file.stat().st_mode)[-3:] == "600"
    host = make_host(f"sqlite:///{tmp_path}/other.sqlite3", captcha="none", **KEYS)
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 1
    for changed in (bytes(middle), whole[:-40], whole[: len(whole) // 2], whole[:900], b"", whole + b"x"):
        bad.write_bytes(changed)
        refused(host, bad, passphrase)
    host.run("w4r", "section", "import", str(file), *passphrase)


def test_to_age_recipients_and_other_keys(make_host: MakeHost, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    private = tmp_path / "identity.txt"
    private.write_text(f"# created: today\n{identity}\n")
    first = make_host(captcha="none", **KEYS)
    lived_in(first)
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), "--recipient", str(identity.to_public()), "--reseal", "--json")
    keys = {"encryption_keys": [generate_key()], "index_key": generate_key(), "index_keys_old": [KEYS["index_key"]]}
    host = make_host(f"sqlite:///{tmp_path}/other.sqlite3", captcha="none", **keys)
    answer = json.loads(host.run("w4r", "section", "import", str(file), "--identity", str(private), "--json").output)
    assert answer["reindex"] is True
    assert "sound" in host.run("w4r", "audit", "verify").output
    signatures = len(host.rows("SELECT id FROM w4r_signature"))
    sign(host.app.test_client(), "/au", "ann", email="kim@example.org")
    host.run("w4r", "keys", "reindex")
    sign(host.app.test_client(), "/au", "ann", email="made-up-9@example.org")
    assert len(host.rows("SELECT id FROM w4r_signature")) == signatures
    assert "0 differ" in host.run("w4r", "tally", "recount").output
    state = get_state(host.app)
    sealed = host.rows("SELECT person FROM w4r_signature WHERE person IS NOT NULL")
    assert {state.keyring.opened_by(row[0]) for row in sealed} == {0}
    result = host.app.test_cli_runner().invoke(
        args=["w4r", "section", "export", str(tmp_path / "b"), "--recipient", "x"]
    )
    assert "'x' is not a recipient of age" in result.output
    result = host.app.test_cli_runner().invoke(args=["w4r", "section", "export", str(tmp_path / "b")])
    assert result.exit_code == 2
    assert "say how to encrypt the archive" in result.output
    assert not (tmp_path / "b").exists()


def test_a_section_leaves_and_no_other_is_touched(make_host: MakeHost) -> None:
    both = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "NZ", "url_prefix": "/nz"}]
    host = make_host(captcha="none", sections=both, **KEYS)
    make_campaign(host.app, ["ann"])
    for code in ("AU", "NZ"):
        make_signatures(host.app, "ann", 5, section=code, state="confirmed")
    make_events(host.app, 2)
    host.run("w4r", "keys", "rotate")
    others = content(host, "NZ")
    result = host.app.test_cli_runner().invoke(args=["w4r", "section", "erase", "AU"])
    assert result.exit_code == 2
    assert "say --yes to delete them for good" in result.output
    host.run("w4r", "section", "erase", "AU", "--yes")
    assert content(host, "NZ") == others
    assert json.loads(host.run("w4r", "section", "show", "--section", "AU", "--json").output) == {"AU": {}}
