import logging
import re

bind = "127.0.0.1:8000"
workers = 4
accesslog = "-"

SECRET = re.compile(r"(/(?:confirm|not-me)/)[^\s/?\"']+")


class WithoutSecrets(logging.Filter):
    """Leaves the secret part of mailed links out of a line."""

    def filter(self, record):
        record.msg, record.args = SECRET.sub(r"\1-", record.getMessage()), ()
        return True


# The last one is your app's own logger: Flask(__name__) in our_site.py.
for name in ("gunicorn.access", "gunicorn.error", "our_site"):
    logging.getLogger(name).addFilter(WithoutSecrets())
