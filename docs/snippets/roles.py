from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, Actor, Permission

# What a real site asks its own login for: who is signed in, with which roles, in which sections.
STAFF = {
    "kim": ({"moderator"}, {"AU"}),
    "noor": ({"moderator", "lead"}, {"AU"}),
    "ana": ({"auditor"}, {"AU"}),
}
signed_in = None

# roles: start
ROLES = {
    "moderator": {Permission.VIEW_QUEUE, Permission.DECIDE},
    "lead": {Permission.INVALIDATE, Permission.EDIT_CASES, Permission.FIND_PERSON, Permission.MANAGE_EVENTS},
    "auditor": {Permission.READ_AUDIT, Permission.EXPORT},
    "ambassador": {Permission.DELIVER},
}

w4r = W4R()


@w4r.actor_loader
def who():
    return Actor(id=signed_in, label=signed_in.title()) if signed_in else None


@w4r.permission_check
def may(actor, permission, section):
    roles, sections = STAFF[actor.id]
    return section.code in sections and any(permission in ROLES[role] for role in roles)


# roles: end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    w4r.init_app(app, db)
    return app
