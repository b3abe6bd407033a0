from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    # start
    limiter = Limiter(get_remote_address, app=app, in_memory_fallback_enabled=True)
    W4R(app, db, limiter=limiter)
    # end
    return app
