from flask import Flask
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R


def create_app(config):
    app = Flask(__name__, root_path=config["ROOT"])
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    # start
    Babel(app, default_locale="en")
    W4R(app, db)
    # end
    return app
