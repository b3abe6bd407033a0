import secrets

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, submit


@pytest.fixture
def mailer():
    return RecordingMailer()


@pytest.fixture
def app(tmp_path, mailer):
    app = Flask(__name__)
    app.config.update(
        TESTING=True,
        SECRET_KEY=secrets.token_hex(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/site.sqlite3",
        W4R_SECTION={"preset": "AU", "url_prefix": "/act"},
        W4R_BASE_URL="http://localhost",
        W4R_MAIL_SENDER="w4r@example.org",
    )
    db = SQLAlchemy(app)
    W4R(app, db, mailer=mailer)
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    make_campaign(app, ["ann-example"])
    yield app
    with app.app_context():
        db.engine.dispose()


def test_a_signature_counts_once_it_is_confirmed(app, mailer):
    visitor = app.test_client()
    assert sign(visitor, "/act", "ann-example", first_name="Sam", email="sam@example.org").status_code == 303
    run_jobs(app)
    (link,) = mailer.links("/confirm/")
    page = visitor.get(link.removeprefix("http://localhost"))
    assert submit(visitor, page, "form_token").status_code == 200
    assert visitor.get("/act/cases/ann-example/tally.json").json["total"] == 1
