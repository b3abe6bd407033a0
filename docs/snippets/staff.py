from flask import Flask, abort
from flask_login import LoginManager, UserMixin, current_user
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, Actor, Permission

# logins: start
logins = LoginManager()


def set_up_logins(app):
    # Flask-Login's context processor would read the session for every page; a global reads it where it is used.
    logins.init_app(app, add_context_processor=False)
    app.jinja_env.globals["current_user"] = current_user


# logins: end


class User(UserMixin):
    def __init__(self, name, role):
        self.id, self.name, self.role = name, name, role


USERS = {"kim": User("kim", "moderator"), "noor": User("noor", "administrator")}
logins.user_loader(USERS.get)

# hooks: start
w4r = W4R()


@w4r.actor_loader
def who():
    if not current_user.is_authenticated:
        abort(logins.unauthorized())
    return Actor(id=str(current_user.id), label=current_user.name)


@w4r.permission_check
def may(actor, permission, section):
    if current_user.role == "administrator":
        return True
    return permission in (Permission.VIEW_QUEUE, Permission.DECIDE, Permission.INVALIDATE)


# hooks: end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    set_up_logins(app)
    w4r.init_app(app, db)
    return app
