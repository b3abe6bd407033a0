"""Sending one message: signed, to an address that was looked at before, and within a time.

What a program answers is never read beyond its status, so that nothing of it can be logged. Redirects are not followed, and
proxies are not asked: either would carry people's addresses to another host than the one that staff named.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from ...config_webhooks import Webhook
from ...errors import W4RError

#: Seconds for all of it: looking the host up, connecting, sending, and the status of the answer.
TIMEOUT_SECONDS = 10.0
#: Networks that lead on to others, by what stands in their addresses: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class NotTaken(W4RError):
    """A program did not take a message.

    :ivar text: why, in our own words.
    :ivar answered: it answered, so that it may take another one.
    """

    def __init__(self, text: str, *, answered: bool = False) -> None:
        self.text, self.answered = text, answered
        super().__init__(text)


def post(hook: Webhook, message_id: str, message: Mapping[str, Any], *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Hand a message over.

    :param message_id: the same for every try.
    :param message: JSON values.
    :param timeout: in seconds.
    :raises NotTaken: it did not answer with a status from 200 to 299.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    call = _Call(hook, body, _headers(hook, message_id, body), timeout)
    # A thread that can be left behind: looking a name up has no time limit, and a program may answer a byte at a time.
    threading.Thread(target=call.run, name="w4r-webhook", daemon=True).start()
    try:
        answer = call.answers.get(timeout=timeout)
    except queue.Empty:
        call.give_up()
        raise NotTaken("timeout") from None
    if isinstance(answer, Exception):
        raise answer
    if not 200 <= answer < 300:
        raise NotTaken(f"status {answer}", answered=True)


def _headers(hook: Webhook, message_id: str, body: str) -> dict[str, str]:
    from standardwebhooks import Webhook as Signer

    at = datetime.now(UTC)  # Of this try: whoever checks it refuses an old one.
    signatures = [Signer(secret).sign(message_id, at, body) for secret in hook.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "flask_w4r",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class _Call:
    """One try."""

    def __init__(self, hook: Webhook, body: str, headers: Mapping[str, str], timeout: float) -> None:
        self.hook, self.body, self.headers, self.timeout = hook, body, headers, timeout
        self.answers: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()
        self._socket: socket.socket | None = None

    def run(self) -> None:
        """Put the answer's status, or why there is none, in ``answers``."""
        try:
            self.answers.put(self._status())
        except NotTaken as error:
            self.answers.put(error)
        except Exception as error:
            self.answers.put(NotTaken(_WORDS.get(type(error), type(error).__name__)))
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Let the connection go, whatever is on it."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _status(self) -> int:
        url = urlsplit(self.hook.url)
        host, is_secure = url.hostname or "", url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        address = checked_address(host, port, allow_private=self.hook.allow_private)
        self._socket = socket.create_connection((address, port), self.timeout)
        if is_secure:
            # The certificate must be of the host that staff named.
            self._socket = _context().wrap_socket(self._socket, server_hostname=host)
        connection = (http.client.HTTPSConnection if is_secure else http.client.HTTPConnection)(host, port)
        connection.sock = self._socket
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", path, self.body.encode(), dict(self.headers))
        return connection.getresponse().status


def checked_address(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to, which whoever is in charge of the name cannot change after this look.

    :param allow_private: addresses in private networks and on this machine will do.
    :raises NotTaken: there is none, or one of them is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotTaken("host not found") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise NotTaken("address not public")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(plain, ipaddress.IPv6Address):
        if plain.ipv4_mapped is not None:
            plain = plain.ipv4_mapped
        elif any(plain in network for network in _CARRIERS):
            return False
    return plain.is_global and not plain.is_multicast and not plain.is_reserved


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


_WORDS: Mapping[type[Exception], str] = {
    TimeoutError: "timeout",
    ConnectionRefusedError: "connection refused",
    ssl.SSLCertVerificationError: "certificate not valid",
}
