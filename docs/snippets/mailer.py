import smtplib

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R


# start
def hand_over(message):
    """Take one email.message.EmailMessage; raise when it could not be handed over."""
    with smtplib.SMTP("localhost", 25, timeout=15) as server:
        server.send_message(message)


w4r = W4R(mailer=hand_over)
# end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    w4r.init_app(app, db)
    return app
