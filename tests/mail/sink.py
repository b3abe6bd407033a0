"""A small SMTP server on loopback that keeps what it is given and misbehaves when told to."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import Any


class Sink:
    """Accepts mail in threads. What it does is changed by its attributes while it runs.

    :param port: where it listens, as after it was away; 0: anywhere.
    """

    def __init__(self, port: int = 0) -> None:
        self.raw: list[bytes] = []
        self.connections = self.commands = 0
        self.logins: list[bytes] = []
        #: Replies by command (``GREETING RCPT DATA END``), such as ``b"450 later"``.
        self.replies: dict[str, bytes] = {}
        #: Say nothing at all.
        self.hang = False
        #: What it does in place of a reply, by command (``BODY``: while it is read): ``silence close drip endless``.
        self.tricks: dict[str, str] = {}
        #: Called with each message once it is kept, before the client is told.
        self.on_message: Callable[[bytes], None] = lambda raw: None
        self.tls: ssl.SSLContext | None = None
        #: Offer SMTPUTF8, and what ``MAIL`` and ``RCPT`` said.
        self.utf8 = False
        self.envelopes: list[bytes] = []
        self.dripped = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.SMTP) for raw in list(self.raw)]

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every conversation."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve_quietly, args=(connection,), daemon=True).start()

    def _serve_quietly(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            self._serve(connection)

    def _serve(self, plain: socket.socket) -> None:
        with plain:
            if self.hang:
                plain.recv(1)  # The client is the first to lose patience.
            elif self._talk(plain, greet=True) and self.tls:
                with self.tls.wrap_socket(plain, server_side=True) as secret:
                    self._talk(secret, greet=False)

    def _talk(self, connection: socket.socket, *, greet: bool) -> bool:
        """Hold a conversation. Returns whether the client asked for TLS."""
        with connection.makefile("rwb") as stream:
            return self._answer(stream, greet)

    def _answer(self, stream: Any, greet: bool) -> bool:
        def say(reply: bytes, at: str = "") -> None:
            trick = self.tricks.get(at)
            if trick == "close":
                raise OSError("closed on purpose")
            if trick == "silence":
                stream.read()
            while trick in ("drip", "endless"):
                stream.write(b"2" if trick == "drip" else reply[:3] + b"-and more\r\n")
                stream.flush()
                if trick == "drip":
                    self.dripped.wait(0.02)
            stream.write(reply + b"\r\n")
            stream.flush()

        if greet:
            say(self.replies.get("GREETING", b"220 sink"), "GREETING")
        while line := stream.readline():
            command = line.split()[0].upper().decode() if line.split() else ""
            self.commands += 1
            if command == "EHLO":
                offers = [b"250-sink"] + ([b"250-STARTTLS"] if self.tls else [])
                offers += [b"250-8BITMIME", b"250-SMTPUTF8"] if self.utf8 else []
                say(b"\r\n".join([*offers, b"250 AUTH PLAIN"]), "EHLO")
            elif command == "STARTTLS" and self.tls:
                say(b"220 go on")
                return True
            elif command == "AUTH":
                self.logins.append(line.split()[2])
                say(self.replies.get("AUTH", b"235 welcome"))
            elif command == "DATA":
                say(self.replies.get("DATA", b"354 go on"), "DATA")
                if "DATA" in self.replies:
                    continue
                raw = b""
                while (part := stream.readline()) != b".\r\n":
                    if not part or self.tricks.get("BODY") == "close":
                        return False  # The client died in the middle: nothing was accepted.
                    raw += part[1:] if part.startswith(b"..") else part
                self.raw.append(raw)
                self.on_message(raw)
                say(self.replies.get("END", b"250 kept"), "END")
            elif command == "QUIT":
                say(b"221 bye")
                return False
            else:
                self.envelopes += [line.strip()] if command in ("MAIL", "RCPT") else []
                say(self.replies.get(command, b"250 fine"), command)
        return False
