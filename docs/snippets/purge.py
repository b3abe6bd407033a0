from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, signals


class Cdn:
    """Stands for your CDN's client."""

    def __init__(self):
        self.purged = []

    def purge(self, urls):
        self.purged.extend(urls)


cdn = Cdn()


# start
@signals.case_changed.connect
def drop_from_cache(app, *, urls, **ids):
    cdn.purge(urls)


# end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    W4R(app, SQLAlchemy(app))
    return app
