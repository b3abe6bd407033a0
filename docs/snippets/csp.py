from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    w4r = W4R(app, db)

    # start
    directives = w4r.csp("AU", app)
    directives["img-src"] = [*directives["img-src"], "https://images.example.org"]
    policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())

    @app.after_request
    def set_policy(response):
        response.headers["Content-Security-Policy"] = policy
        return response

    # end
    return app
