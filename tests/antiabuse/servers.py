"""Real servers on loopback: one that plays hCaptcha, one that carries bytes until it is cut."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that give up are the point of these tests."""


class FakeHCaptcha:
    """Answers by path, one method each below: ``/success``, ``/false``, ``/hang``, ``/codes?a,b`` and so on."""

    def __init__(self) -> None:
        self.requests: list[dict[str, list[str]]] = []
        self.released = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.requests.append({"method": ["GET"]})
                self._json({"success": True})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                fake.requests.append(parse_qs(self.rfile.read(length).decode()))
                parts = urlsplit(self.path)
                getattr(self, parts.path[1:].replace("-", "_"))(parts.query)

            def success(self, _: str) -> None:
                self._json({"success": True, "hostname": "example.org"})

            def false(self, _: str) -> None:
                self._json({"success": False})

            def codes(self, query: str) -> None:
                self._json({"success": False, "error-codes": query.split(",")})

            def true_with_codes(self, query: str) -> None:
                self._json({"success": True, "error-codes": query.split(",")})

            def empty(self, _: str) -> None:
                self._json({})

            def text_true(self, _: str) -> None:
                self._json({"success": "true"})

            def one(self, _: str) -> None:
                self._json({"success": 1})

            def codes_null(self, _: str) -> None:
                self._json({"success": False, "error-codes": None})

            def codes_text(self, _: str) -> None:
                self._json({"success": False, "error-codes": "invalid-input-response"})

            def array(self, _: str) -> None:
                self._json([True])

            def broken(self, _: str) -> None:
                self._send(200, "application/json", b'{"success": tr')

            def html(self, _: str) -> None:
                self._send(200, "text/html", b"<h1>Welcome to the hotel network</h1>")

            def error(self, _: str) -> None:
                self._send(500, "application/json", b'{"success": true}')

            def created(self, _: str) -> None:
                self._send(201, "application/json", b'{"success": true}')

            def redirect(self, query: str) -> None:
                self.send_response(int(query))
                self.send_header("Location", "/success")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "17")
                self.end_headers()
                self.wfile.write(b'{"success": true}')

            def hang(self, _: str) -> None:
                fake.released.wait(10)

            def reset(self, _: str) -> None:
                self.connection.close()

            def drip(self, _: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "17")
                self.end_headers()
                for byte in b'{"success": true}':
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if fake.released.wait(0.25):
                        return

            def _json(self, body: object) -> None:
                self._send(200, "application/json", json.dumps(body).encode())

            def _send(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class CuttableProxy:
    """Carries TCP to a target until :meth:`cut`; :meth:`mend` opens it again on the same port."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def mend(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        if self._listener is not None:
            # A thread sits in accept(); shutdown wakes it, close alone would not.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for pair in self._pairs:
            with contextlib.suppress(OSError):
                pair.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    close = cut

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                self._pairs += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError), source:
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
