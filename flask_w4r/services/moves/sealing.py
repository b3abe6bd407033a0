"""The archive's encryption: ``age`` (https://age-encryption.org), by its library, as a stream and never anything of our own.

An archive for age recipients is an age file as any. With a passphrase it begins with a text block (itself an age file under that
passphrase) that holds a key made for this archive alone; what follows the block is an age file for that key. So memory does not grow
with the archive, and who has the passphrase can open it with the ``age`` program too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

from ...config_recipients import recipient
from ...errors import W4RError

BEGIN, END = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"
#: A block with a key in it is a few hundred bytes.
_LONGEST_BLOCK = 10_000


class SealingFault(W4RError):
    """An archive cannot be encrypted, or opened, with what was given."""


def _library() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise SealingFault("archives need the extra 'age': pip install 'flask_w4r[age]'") from error
    return pyrage


def recipients_of(texts: Sequence[str]) -> list[Any]:
    """Public keys, as ``age-keygen`` prints them.

    :raises SealingFault: one of them is none.
    """
    _library()
    found = []
    for text in texts:
        try:
            found.append(recipient(text.strip()))
        except W4RError as error:
            raise SealingFault(f"{text[:20]!r} {error}") from error
    return found


def identities_of(text: str) -> list[Any]:
    """Private keys, as ``age-keygen`` writes them in a file; lines with ``#`` are passed over. Or an SSH key without passphrase.

    :raises SealingFault: there is none.
    """
    if text.startswith("-----BEGIN"):
        try:
            return [_library().ssh.Identity.from_buffer(text.encode())]
        except (_library().IdentityError, ValueError) as error:
            raise SealingFault("the identity file holds no SSH key that age can use") from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        found = [_library().x25519.Identity.from_str(line) for line in lines]
    except (_library().IdentityError, ValueError) as error:
        raise SealingFault("the identity file holds something else than age identities") from error
    if not found:
        raise SealingFault("the identity file holds no age identity")
    return found


@contextmanager
def writing(path: Path, *, recipients: Sequence[str] = (), passphrase: str | None = None) -> Iterator[IO[bytes]]:
    """A stream into an encrypted file, which stands under its name once all of it is written.

    :param recipients: public keys; else a passphrase.
    :raises SealingFault: neither is usable.
    """
    part = path.with_name(f"{path.name}.part")
    block = b""
    if recipients:
        keys = recipients_of(recipients)
    elif passphrase:
        own = _library().x25519.Identity.generate()
        keys = [own.to_public()]
        block = _library().passphrase.encrypt(str(own).encode(), passphrase, armored=True)
    else:
        raise SealingFault("an archive is encrypted: name a recipient or a passphrase")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(block)
            with _piped(lambda source: _library().encrypt_io(source, file, keys), reads=False) as stream:
                yield stream
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def reading(path: Path, *, identities: str | None = None, passphrase: str | None = None) -> Iterator[IO[bytes]]:
    """A stream out of an encrypted file. What it gives is proved piece by piece, and whole only once it ended without an error.

    :param identities: the text of a file of age identities.
    :raises SealingFault: it cannot be opened with what was given, or was changed.
    """
    with path.open("rb") as file:
        start = file.read(len(BEGIN))
        file.seek(0)
        if start == BEGIN:
            keys = [_of_passphrase(_block(file), passphrase)]
        elif identities is not None:
            keys = identities_of(identities)
        else:
            raise SealingFault("the archive was encrypted to age recipients; give the file with the identity of one")
        with _piped(lambda target: _library().decrypt_io(file, target, keys), reads=True) as stream:
            yield stream


def _block(file: IO[bytes]) -> bytes:
    lines, length = [], 0
    while length < _LONGEST_BLOCK:
        line = file.readline(_LONGEST_BLOCK)
        lines.append(line)
        length += len(line)
        if line.strip() == END or not line:
            break
    return b"".join(lines)


def _of_passphrase(block: bytes, passphrase: str | None) -> Any:
    if not passphrase:
        raise SealingFault("the archive was encrypted with a passphrase; give it")
    try:
        (identity,) = identities_of(_library().passphrase.decrypt(block, passphrase).decode())
    except (_library().DecryptError, ValueError) as error:
        raise SealingFault("the passphrase does not open the archive") from error
    return identity


@contextmanager
def _piped(work: Callable[[IO[bytes]], Any], *, reads: bool) -> Iterator[IO[bytes]]:
    """The other end of a pipe at which a thread of its own works.

    :param reads: this end is read, and the thread writes.
    :raises SealingFault: the thread's work failed.
    """
    read_end, write_end = os.pipe()
    source, target = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")
    ours, theirs = (source, target) if reads else (target, source)
    faults: list[BaseException] = []

    def at_work() -> None:
        try:
            work(theirs)
            theirs.flush() if reads else None
        except BaseException as error:
            faults.append(error)
        finally:
            # Whoever stopped reading has a reason of their own.
            with suppress(OSError):
                theirs.close()

    thread = Thread(target=at_work, name="w4r-archive", daemon=True)
    thread.start()
    try:
        try:
            yield ours
        finally:
            with suppress(OSError):
                ours.close()
            thread.join()
    except BrokenPipeError:
        if not faults:
            raise
    if faults:
        raise SealingFault(_why(faults[0])) from faults[0]


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"the archive cannot be written: {error.strerror}"
    return "the archive cannot be opened: it was changed, cut short, or encrypted for somebody else"
