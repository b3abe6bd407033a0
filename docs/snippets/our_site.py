import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SQLALCHEMY_DATABASE_URI=os.environ.get("DATABASE_URL", "sqlite:///site.sqlite3"),
)
db = SQLAlchemy(app)

# ten lines: start
app.config.update(
    W4R_SECTION="AU",
    W4R_BASE_URL=os.environ.get("BASE_URL", "http://127.0.0.1:5000"),
    W4R_MAIL_SENDER="Write for Rights <w4r@example.org>",
    W4R_MAIL_URL=os.environ.get("MAIL_URL", "console:"),
    W4R_ENCRYPTION_KEYS=os.environ.get("W4R_ENCRYPTION_KEYS", ""),
    W4R_INDEX_KEY=os.environ.get("W4R_INDEX_KEY", ""),
)
W4R(app, db)
# end
