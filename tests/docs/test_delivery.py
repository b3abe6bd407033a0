"""Snippets of the documentation about deliveries."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask_w4r.testing import make_signatures, run_jobs

from .conftest import MakeSite, run
from .pages import covers, load


@covers("check_receipt.py", "handed_over.py")
def test_a_receipt_is_checked_with_pythons_own_library(make_site: MakeSite, tmp_path: Path) -> None:
    table = load("handed_over.py").W4R_SECTION
    app = make_site(W4R_SECTION={**table, "url_prefix": "/act"}, W4R_MAIL_URL=f"file:{tmp_path / 'mails'}")
    section = app.extensions["w4r"].sections["AU"]
    assert section.handed_over == ("name", "country", "job")
    # The usual fields are what the snippet checks.
    app = make_site(
        W4R_MAIL_URL=f"file:{tmp_path / 'mails'}", SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'other.sqlite3'}"
    )
    make_signatures(app, "ann-example", 5, state="confirmed")
    words = ("--to", "Embassy of Example", "--out", str(tmp_path / "out"), "--no-pdf", "--json")
    said = json.loads(run(app, "w4r", "deliver", "prepare", "ann-example", *words))
    run(app, "w4r", "deliver", "handed-over", said["id"], "--on", "2025-06-12", "--by", "Jo", "--receipts")
    run_jobs(app)
    check = load("check_receipt.py").check
    proved = 0
    for path in (tmp_path / "mails").glob("*.eml"):
        text = path.read_text()
        receipt = re.search(r"^w4r1\.(?:[\w-]+\r?\n)+", text, re.MULTILINE)
        assert receipt is not None
        number = re.search(r"^To: made-up-(\d)@", text, re.MULTILINE)
        assert number is not None
        assert check(receipt[0], f"Sam Sample{number[1]}", "AU", said["root"])
        assert not check(receipt[0], "Somebody Else", "AU", said["root"])
        assert not check(receipt[0], f"Sam Sample{number[1]}", "AU", "0" * 64)
        proved += 1
    assert proved == 5
