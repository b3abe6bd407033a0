from flask import Flask, redirect, request, session, url_for
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, Actor

# confirm: start
w4r = W4R()


@w4r.confirm_identity
def proved_lately(actor, page):
    if session.get("proved") == actor.id:
        return None
    return url_for("password_again", next=page)


# confirm: end


@w4r.actor_loader
def who():
    return Actor("7", "Mo")


@w4r.permission_check
def may(actor, permission, section):
    return True


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)

    @app.route("/password", methods=["GET", "POST"])
    def password_again():
        if request.method == "POST":
            session["proved"] = "7"
            return redirect(request.args["next"])
        return "Your password, please"

    w4r.init_app(app, db)
    return app
