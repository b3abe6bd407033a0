"""Exports for ``age`` recipients: sealed as they are made, and nowhere in the clear."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flask_w4r.config import W4RConfig
from flask_w4r.errors import ConfigurationError
from flask_w4r.services.exports.sealing import sealed
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import MakeHost
from tests.exports.test_files import rows_of


@pytest.fixture(scope="module")
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_only_recipients_can_read_it(
    make_host: MakeHost, tmp_path: Path, identity: pyrage.x25519.Identity, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pyrage.x25519.Identity.generate()
    host = make_host(export_recipients=[str(identity.to_public()), str(other.to_public())])
    make_campaign(host.app)
    make_signatures(host.app, "ann-example", 2100, state="confirmed", first_name="Unlikely-Zyzzogeton")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = tmp_path / "all.age"
    host.run("w4r", "export", "signatures", "--out", str(path), "--format", form)
    locked = path.read_bytes()
    assert locked.startswith(b"age-encryption.org/v1")
    assert b"Zyzzogeton" not in locked
    plain = pyrage.decrypt(locked, [identity])
    assert pyrage.decrypt(locked, [other]) == plain
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(locked, [pyrage.x25519.Identity.generate()])
    if form == "csv":
        assert len(rows_of(plain.decode())[0]) == 2100
    elif form == "jsonl":
        assert plain.count(b"Zyzzogeton") == 2100
    else:
        assert b"Zyzzogeton" in ZipFile(io.BytesIO(plain)).read("xl/worksheets/sheet1.xml")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_each_section_may_have_its_own(make_host: MakeHost, identity: pyrage.x25519.Identity) -> None:
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "NZ", "url_prefix": "/nz"}]
    host = make_host(sections=sections, export_recipients={"NZ": str(identity.to_public())})
    make_campaign(host.app)
    make_signatures(host.app, "ann-example", 1, section="NZ", state="confirmed")
    open_one = host.run("w4r", "export", "signatures", "--out", "-", "--section", "AU").stdout_bytes
    assert open_one.startswith(b"case,")
    locked = host.run("w4r", "export", "signatures", "--out", "-", "--section", "NZ").stdout_bytes
    assert b"1 rows" in pyrage.decrypt(locked, [identity])
    doctor = host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "AU: exports are not encrypted" in doctor
    assert "NZ: exports are encrypted for 1" in doctor


def test_an_ssh_key_will_do() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    locked = b"".join(sealed(iter([b"one ", b"two"]), [public]))
    assert pyrage.decrypt(locked, [pyrage.ssh.Identity.from_buffer(private)]) == b"one two"


def test_it_is_made_as_it_is_read(identity: pyrage.x25519.Identity) -> None:
    """Neither the file nor its encrypted form is held."""
    made = [0]

    def chunks() -> Iterator[bytes]:
        for _ in range(400):
            made[0] += 1
            yield b"x" * 250_000

    tracemalloc.start()
    stream = sealed(chunks(), [str(identity.to_public())])
    next(stream)
    assert made[0] < 20
    total = sum(len(chunk) for chunk in stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 95_000_000
    assert peak < 8_000_000


def test_what_breaks_is_told_and_leaves_no_thread(identity: pyrage.x25519.Identity) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 1_000_000
        raise OSError("the database is gone")

    to = [str(identity.to_public())]
    with pytest.raises(OSError, match="gone"):
        list(sealed(broken(), to))
    stream = sealed(iter([b"x" * 1_000_000] * 50), to)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "w4r-age"]


@pytest.mark.parametrize("given", ["age1nothing", ["ssh-rsa AAAA"], [7], 7, {"AU": 7}, {"NZ": []}, ""])
def test_bad_recipients_are_told_at_start(given: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        W4RConfig.from_mapping({"W4R_SECTION": "AU", "W4R_EXPORT_RECIPIENTS": given}, relaxed=True)
    assert all(fault.startswith("W4R_EXPORT_RECIPIENTS: ") for fault in caught.value.faults)


@pytest.mark.parametrize(("module", "extra"), [("pyrage", "age"), ("xlsxwriter", "xlsx")])
def test_without_the_extra_the_mend_is_named(module: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from flask_w4r.services.exports import sheets\n"
        "from flask_w4r.config_recipients import recipient\n"
        f"{'recipient(chr(97))' if extra == 'age' else 'sheets.need()'}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install 'flask_w4r[{extra}]'" in done.stderr
