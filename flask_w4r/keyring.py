"""The keys: what seals personal data at rest, and what makes blind indexes.

Two independent secrets, never ``SECRET_KEY``. Sealing is authenticated encryption (Fernet: AES-128-CBC with
HMAC-SHA256, the ``cryptography`` package), newest key first, so that keys rotate. A blind index is an HMAC-SHA256
under a key derived for its scope, so that indexes of two scopes cannot be joined.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .errors import W4RError

_VERSION = "v1:"


class SealBroken(W4RError):
    """A sealed value cannot be opened with any of the configured keys."""


class Sealed(str):
    """Text that has been sealed. :class:`~flask_w4r.models.types.EncryptedText` refuses any other text."""

    __slots__ = ()


def generate_key() -> str:
    """Return a new key (32 random bytes, URL-safe base64) fit for ``W4R_ENCRYPTION_KEYS`` or ``W4R_INDEX_KEY``."""
    return Fernet.generate_key().decode()


def check_key(value: str) -> str | None:
    """Say what is wrong with a key, or return ``None``."""
    try:
        Fernet(value.encode())
    except (ValueError, TypeError):
        return "is not 32 bytes in URL-safe base64; create one with 'flask w4r keygen'"
    return None


class Keyring:
    """Seals, opens and indexes. Immutable; one per app."""

    def __init__(self, encryption_keys: Sequence[str], index_key: str, earlier_index_keys: Sequence[str] = ()) -> None:
        self._fernets = [Fernet(key.encode()) for key in encryption_keys]
        self._fernet = MultiFernet(self._fernets)
        self._earlier = MultiFernet(self._fernets[1:] or self._fernets)
        self._index_keys = [key.encode() for key in (index_key, *earlier_index_keys)]
        self._derive = lru_cache(maxsize=4096)(self._derive_uncached)

    def seal(self, text: str) -> Sealed:
        """Encrypt ``text`` under the newest key."""
        return Sealed(_VERSION + self._fernets[0].encrypt(text.encode()).decode())

    def open(self, sealed: str) -> str:
        """Decrypt what :meth:`seal` made, with any key of the ring. Raises :class:`SealBroken`."""
        return self._opened(sealed, self._fernet)

    def _opened(self, sealed: str, by: MultiFernet) -> str:
        if not sealed.startswith(_VERSION):
            raise SealBroken("sealed value has an unknown version")
        try:
            return by.decrypt(sealed[len(_VERSION) :].encode()).decode()
        except InvalidToken as error:
            raise SealBroken("no key in W4R_ENCRYPTION_KEYS opens this value; was a key dropped too early?") from error

    def seal_json(self, value: Any) -> Sealed:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def open_json(self, sealed: str) -> Any:
        """Decrypt a JSON value."""
        return json.loads(self.open(sealed))

    def rotate(self, sealed: str) -> Sealed | None:
        """Return the value sealed under the newest key, or ``None`` when it already is."""
        try:
            self._fernets[0].decrypt(sealed[len(_VERSION) :].encode())
        except InvalidToken:
            return self.seal(self._opened(sealed, self._earlier))
        return None

    def opened_by(self, sealed: str) -> int | None:
        """Which of the keys opens a value, nought for the newest; ``None``: none does."""
        for number, fernet in enumerate(self._fernets):
            try:
                fernet.decrypt(sealed[len(_VERSION) :].encode())
            except InvalidToken:
                continue
            return number
        return None

    def _derive_uncached(self, scope: str, number: int) -> bytes:
        return hmac.digest(self._index_keys[number], b"w4r-index|" + scope.encode(), hashlib.sha256)

    @property
    def has_earlier(self) -> bool:
        """Whether there are earlier index keys: what was stored may be known by one of them."""
        return len(self._index_keys) > 1

    def blind(self, scope: str, value: str) -> bytes:
        """Return the 32-byte keyed index of ``value`` within ``scope`` (for example ``signature|AU|17``), to be stored. What
        was stored is looked for under :meth:`blinds`."""
        return hmac.digest(self._derive(scope, 0), value.encode(), hashlib.sha256)

    def blinds(self, scope: str, value: str) -> tuple[bytes, ...]:
        """The indexes that ``value`` may have been stored under: by the index key, then by each earlier one."""
        every = range(len(self._index_keys))
        return tuple(hmac.digest(self._derive(scope, number), value.encode(), hashlib.sha256) for number in every)

    def sub_key(self, purpose: str) -> bytes:
        """Return a 32-byte key derived from the index key for one purpose."""
        return self._derive(f"sub|{purpose}", 0)

    def sub_keys(self, purpose: str) -> tuple[bytes, ...]:
        """The keys that something made for a purpose may have been made with, the newest first."""
        return tuple(self._derive(f"sub|{purpose}", number) for number in range(len(self._index_keys)))


def new_token() -> str:
    """Return a fresh 256-bit URL-safe token."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return what is stored of a token: SHA-256, which 256 random bits make safe without a key."""
    return hashlib.sha256(token.encode()).digest()


def token_box(token: str) -> Fernet:
    """Return the cipher for what a token stands for: only who holds the token can open it."""
    import base64

    return Fernet(base64.urlsafe_b64encode(hmac.digest(token.encode(), b"w4r-token-payload", hashlib.sha256)))
