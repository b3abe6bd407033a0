"""A section counts the visits to its stall, and forgets them after a year."""

from datetime import timedelta

from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.seam import Capability, Job, Retention
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.web import here
from flask_w4r.web.pages import Pages
from flask_w4r.web.templating import app_of_request

db = SQLAlchemy()


class Visit(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    at = db.Column(db.DateTime(timezone=True), nullable=False)


def visit() -> Response:
    run(app_of_request(), lambda work: work.session.add(Visit(at=here().state.clock())))
    return Response(status=204)


def over(session, sweep):
    return session.query(Visit).where(Visit.at < sweep.now - timedelta(days=365))


def forget(session, sweep) -> int:
    return over(session, sweep).delete(synchronize_session=False)


def due(session, sweep) -> int:
    return over(session, sweep).count()


def count(app, tools):
    return {"visits": run(app, lambda work: work.session.query(Visit).count())}


PAGES = Pages(routes=(("/stall", "stall", visit, ("POST",), None),))
STALL = Capability(
    "stall",
    jobs=(Job("stall", count, every=3600),),
    retention=(Retention("stall", "visits to the stall: a year", forget, due),),
    pages=PAGES,
)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.from_prefixed_env()
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", "sqlite:///site.sqlite3")
    db.init_app(app)
    W4R(app, db, capabilities=(*CAPABILITIES, STALL))
    return app
