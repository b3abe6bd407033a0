"""One request to another host: to an address that was looked at before, and within a time.

Redirects are not followed, and proxies are not asked: either would carry what is sent to another host than the one that
staff named.
"""

from __future__ import annotations

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from ...errors import W4RError

#: Seconds for all of it: looking the host up, connecting, sending, and the answer.
TIMEOUT_SECONDS = 10.0
#: Networks that lead on to others, by what stands in their addresses: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class NotTaken(W4RError):
    """Another host did not do what it was asked.

    :ivar text: why, in our own words.
    :ivar answered: it answered, so that it may take another request.
    """

    def __init__(self, text: str, *, answered: bool = False) -> None:
        self.text, self.answered = text, answered
        super().__init__(text)


class Answer(NamedTuple):
    """What came back. Nothing is read of the body unless it is asked for."""

    status: int
    body: bytes


def ask(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    allow_private: bool,
    timeout: float,
    most: int = 0,
) -> Answer:
    """Ask another host.

    :param allow_private: it may stand in a private network, or on this machine.
    :param timeout: in seconds.
    :param most: read so many bytes of the answer, and none more.
    :raises NotTaken: there was no answer, or a longer one.
    """
    call = _Call(url, method, headers, body, allow_private, timeout, most)
    # A thread that can be left behind: looking a name up has no time limit, and a program may answer a byte at a time.
    threading.Thread(target=call.run, name="w4r-call", daemon=True).start()
    try:
        answer = call.answers.get(timeout=timeout)
    except queue.Empty:
        call.give_up()
        raise NotTaken("timeout") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def fetch(url: str, *, allow_private: bool, most: int, timeout: float = TIMEOUT_SECONDS) -> bytes:
    """Read what stands at an address.

    :param most: the most bytes it may have.
    :raises NotTaken: it could not be had.
    """
    headers = {"User-Agent": "flask_w4r", "Accept": "application/json", "Accept-Encoding": "identity"}
    answer = ask(url, "GET", headers, allow_private=allow_private, timeout=timeout, most=most)
    if answer.status != 200:
        raise NotTaken(f"status {answer.status}", answered=True)
    return answer.body


class _Call:
    """One try."""

    def __init__(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
        allow_private: bool,
        timeout: float,
        most: int,
    ) -> None:
        self.url, self.method, self.headers, self.body = url, method, headers, body
        self.allow_private, self.timeout, self.most = allow_private, timeout, most
        self.answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
        self._socket: socket.socket | None = None

    def run(self) -> None:
        """Put the answer, or why there is none, in ``answers``."""
        try:
            self.answers.put(self._answer())
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

    def _answer(self) -> Answer:
        url = urlsplit(self.url)
        host, is_secure = url.hostname or "", url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        address = checked_address(host, port, allow_private=self.allow_private)
        self._socket = socket.create_connection((address, port), self.timeout)
        if is_secure:
            # The certificate must be of the host that staff named.
            self._socket = _context().wrap_socket(self._socket, server_hostname=host)
        connection = (http.client.HTTPSConnection if is_secure else http.client.HTTPConnection)(host, port)
        connection.sock = self._socket
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(self.method, path, self.body, dict(self.headers))
        with closing(connection.getresponse()) as response:
            body = response.read(self.most + 1) if self.most else b""
        if len(body) > self.most:
            raise NotTaken(f"the answer is longer than {self.most} bytes", answered=True)
        return Answer(response.status, body)


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
