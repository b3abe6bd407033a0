from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R

w4r = W4R()


class Reader:
    """Stands for the reader of a database of networks, kept on your own server."""

    def get(self, address):
        return {"203.0.113.7": {"country": {"iso_code": "NZ"}}}.get(address)


reader = Reader()


# country: start
@w4r.country_lookup
def country(address):
    found = reader.get(address)
    return found["country"]["iso_code"] if found else None


# country: end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    w4r.init_app(app, db)
    return app
