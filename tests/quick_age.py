"""Passphrases of age that open at once: real files of age, only that the passphrase was not made slow.

age asks scrypt to take about a second for each passphrase, twice as long on a busy machine, and its library has no
argument that says otherwise. What is written here the library itself opens; a passphrase that it made slow itself moves
a section in ``tests/docs/test_moves.py``.
"""

from __future__ import annotations

import base64
import hmac
import os
import textwrap

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

#: Two to this power is how slow it is; age itself takes about eighteen.
WORK = 1


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _derive(key: bytes, salt: bytes | None, about: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, about).derive(key)


def encrypt(plaintext: bytes, passphrase: str, armored: bool = False) -> bytes:
    """As ``pyrage.passphrase.encrypt``, for a text of up to 64 kB. See https://age-encryption.org/v1."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**WORK, 8, 1).derive(passphrase.encode())
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    head = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_text(salt), WORK, _text(wrapped))
    proof = hmac.digest(_derive(file_key, None, b"header"), head, "sha256")
    payload = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\1", plaintext, None)
    file = head + b" " + _text(proof) + b"\n" + nonce + payload
    if not armored:
        return file
    lines = "\n".join(textwrap.wrap(base64.b64encode(file).decode(), 64))
    return f"-----BEGIN AGE ENCRYPTED FILE-----\n{lines}\n-----END AGE ENCRYPTED FILE-----\n".encode()
