"""Pairs of keys (Ed25519, RFC 8032), and signatures over canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ...config_rollup import to_bytes, to_text
from ...errors import BadValue

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: What is not signed itself.
SIGNATURE = "signature"


class Pair(NamedTuple):
    """Two halves, in base64url: one that signs and is nobody else's, and one that everybody may have."""

    private: str
    public: str


def new_pair() -> Pair:
    """A fresh pair. Neither half begins with a hyphen, which a command would take for an option."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    while True:
        key = Ed25519PrivateKey.generate()
        pair = Pair(to_text(key.private_bytes_raw()), to_text(key.public_key().public_bytes_raw()))
        if not any(half.startswith("-") for half in pair):
            return pair


def public_of(private: str) -> str:
    """The public half that belongs to a private one."""
    return to_text(_private(private).public_key().public_bytes_raw())


def key_id(public: str) -> str:
    """What a public key is called: the first half of its SHA-256, in hex.

    :raises BadValue: it is no public key.
    """
    raw = to_bytes(public, 32)
    if raw is None:
        raise BadValue("the public key", "be 32 bytes in base64url without padding")
    return hashlib.sha256(raw).hexdigest()[:32]


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: the same for the same values, however a file spells them."""
    import rfc8785

    return rfc8785.dumps({name: value for name, value in document.items() if name != SIGNATURE})


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of what is signed, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()


def sign(document: Mapping[str, Any], private: str) -> dict[str, Any]:
    """The same document with the key's id and its signature."""
    whole = {**document, "key_id": key_id(public_of(private))}
    return {**whole, SIGNATURE: to_text(_private(private).sign(canonical(whole)))}


def is_signed_by(document: Mapping[str, Any], public: str) -> bool:
    """Whether every value of a document is as the owner of a key signed it."""
    from cryptography.exceptions import InvalidSignature

    signature = to_bytes(document.get(SIGNATURE), 64)
    if signature is None or document.get("key_id") != key_id(public):
        return False
    try:
        _public(public).verify(signature, canonical(document))
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(text: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = to_bytes(text, 32)
    if raw is None:
        raise BadValue("the signing key", "be 32 bytes in base64url; create a pair with 'flask w4r keygen --signing'")
    return Ed25519PrivateKey.from_private_bytes(raw)


@lru_cache(maxsize=1024)
def _public(text: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(to_bytes(text, 32) or b"")
