"""A program that is told what happens, as a thread of the test: it can be slow, refuse, fail, and send elsewhere."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a secret for tests, 32 bytes lng").decode()


class Receiver:
    """What was received, in order; ``answer`` says with which status, or does as it likes with the handler."""

    def __init__(self, port: int = 0) -> None:
        self.taken: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.asked: list[str] = []
        self.answer: Callable[[BaseHTTPRequestHandler], int | None] = lambda handler: 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked.append(self.path)
                status = receiver.answer(self)
                if status is None:
                    return
                if 200 <= status < 300:
                    receiver.taken.append(Webhook(SECRET).verify(body, dict(self.headers)))
                    receiver.ids.append(self.headers["webhook-id"])
                self.send_response(status)
                if status in (301, 302, 303, 307, 308):
                    self.send_header("Location", receiver.leads_to)
                self.end_headers()
                if status != 204:
                    self.wfile.write(b"the answer's own words")

            do_GET = do_POST

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.leads_to = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/hooks"

    def table(self, *events: str, **more: Any) -> dict[str, Any]:
        """Its table in ``W4R_WEBHOOKS``."""
        return {"url": self.url, "events": list(events), "secret": SECRET, "allow_private": True, **more}

    def types(self) -> list[str]:
        """The types of what was taken."""
        return [one["type"] for one in self.taken]


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A program that listens until the end.

    :param port: of one that was there before, since that is what stands in the configuration.
    """
    made = Receiver(port)
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()


def plain(value: Any) -> str:
    """A value as text, to look for words in it."""
    return json.dumps(value, ensure_ascii=False)
