from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R

ADDRESS_BOOK = []

# newsletter: start
w4r = W4R()


@w4r.subscriber_sink
def crm(subscriber):
    ADDRESS_BOOK.append((subscriber.email, subscriber.first_name, subscriber.locale))


# newsletter: end


# withdrawals: start
@w4r.withdrawal_sink
def no_more(withdrawal):
    gone = [entry for entry in ADDRESS_BOOK if entry[0] in withdrawal.emails]
    for entry in gone:
        ADDRESS_BOOK.remove(entry)


# withdrawals: end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db = SQLAlchemy(app)
    w4r.init_app(app, db)
    return app
