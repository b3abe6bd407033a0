"""A conversation with a mail server that may hang, drip, talk without end, or hang up: it ends in time, and whoever began
it knows whether the server has the whole mail."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from .errors import Unanswered

#: Lines of one reply.
LONGEST_REPLY = 100


class Deadline:
    """Ends the conversation about one mail when its time is over, whatever the other side does."""

    def __init__(self, seconds: float) -> None:
        self.client: smtplib.SMTP | None = None
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._timer.cancel()

    def left(self) -> float:
        """Seconds until then; a moment at least."""
        return max(0.001, self._end - time.monotonic())

    def _cut(self) -> None:
        sock = self.client.sock if self.client is not None else None
        if sock is not None:
            with suppress(OSError):
                # The plain socket's: to end TLS politely would need the other side.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Lines:
    """A server's replies, none of which has no end."""

    def __init__(self, file: Any) -> None:
        self._file, self.left = file, 0

    def readline(self, size: int) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise OSError("a reply of too many lines")
        line: bytes = self._file.readline(size)
        # What ends in the middle of a line was cut off, and says nothing.
        return line if line.endswith(b"\n") or len(line) >= size else b""

    def close(self) -> None:
        self._file.close()


class Talk(smtplib.SMTP):
    """A conversation that knows whether the server has a whole mail of ours."""

    def __init__(self, deadline: Deadline, *args: Any, **more: Any) -> None:
        self.take_up(deadline)
        self._is_whole = False
        super().__init__(*args, **more)

    def take_up(self, deadline: Deadline) -> None:
        """Go on, with the next mail."""
        self.deadline = deadline
        deadline.client = self

    def send(self, s: Any) -> None:
        """See :meth:`smtplib.SMTP.send`."""
        super().send(s)
        self._is_whole = isinstance(s, bytes) and s.endswith(b"\r\n.\r\n")

    def getreply(self) -> tuple[int, bytes]:
        """See :meth:`smtplib.SMTP.getreply`.

        :raises Unanswered: a whole mail was sent, and what came is no reply.
        """
        is_whole, self._is_whole = self._is_whole, False
        left = self.deadline.left()
        sock = self.sock
        if sock is not None:
            # To take a mail takes longer than any other step (RFC 5321, 4.5.3.2.6).
            sock.settimeout(left if is_whole else min(self.timeout, left))
            if self.file is None:
                self.file = _Lines(sock.makefile("rb"))
            self.file.left = LONGEST_REPLY
        try:
            code, reply = super().getreply()
        except (smtplib.SMTPException, OSError):
            if is_whole:
                raise Unanswered("no answer to a whole mail") from None
            raise
        if is_whole and not 200 <= code < 600:
            raise Unanswered("no answer to a whole mail")
        return code, reply

    def data(self, msg: Any) -> tuple[int, bytes]:
        """See :meth:`smtplib.SMTP.data`. Any reply that begins with 2 is a good one (RFC 5321, 4.2.1)."""
        code, reply = super().data(msg)
        return (250 if 200 <= code < 300 else code), reply


class SecretTalk(Talk, smtplib.SMTP_SSL):
    """The same, with TLS from the start."""
