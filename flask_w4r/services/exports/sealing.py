"""Encrypting a file for those who may read it, by `age <https://age-encryption.org/v1>`_ (the ``pyrage`` package).

The file is encrypted as it is written: nothing of it is held in memory, and nothing of it in the clear on a disk.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from ...config_recipients import recipient
from ...errors import W4RError

#: Pieces that may wait for the one that encrypts, and how often, in seconds, to look whether it still lives.
WAITING, LOOK = 4, 0.5
#: Encrypted bytes are given out so many at a time.
CHUNK = 64 * 1024


def sealed(chunks: Iterator[bytes], recipients: Sequence[str]) -> Iterator[bytes]:
    """Encrypt for some recipients.

    :param chunks: what to encrypt, made in the caller's thread.
    :param recipients: each can decrypt it by themselves.
    """
    import pyrage

    pump = _Pump()
    to = [recipient(one) for one in recipients]
    worker = threading.Thread(
        target=pump.run, args=(lambda: pyrage.encrypt_io(pump, pump, to),), name="w4r-age", daemon=True
    )
    worker.start()
    try:
        for chunk in chunks:
            pump.give(chunk, worker)
            yield from pump.done(CHUNK)
        pump.give(b"", worker)
        worker.join()
        if pump.error is not None:
            raise pump.error
        yield from pump.done(1)
    finally:
        pump.stop()
        worker.join()


class _Pump:
    """A file to read from and one to write to, as the library wants them: it pulls, and we push."""

    def __init__(self) -> None:
        self._in: queue.Queue[bytes] = queue.Queue(WAITING)
        self._rest = b""
        self._over = False
        self._out = bytearray()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.error: BaseException | None = None

    def run(self, encrypt: Any) -> None:
        try:
            encrypt()
        except BaseException as error:
            self.error = error

    def give(self, chunk: bytes, worker: threading.Thread) -> None:
        """Hand over what comes next; nothing: that was all."""
        while True:
            try:
                self._in.put(chunk, timeout=LOOK)
            except queue.Full:
                if not worker.is_alive():
                    raise self.error or W4RError("the file could not be encrypted") from None
            else:
                return

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._stopped.set()

    def done(self, least: int) -> Iterator[bytes]:
        """What is encrypted, where it is at least so many bytes."""
        with self._lock:
            if len(self._out) < least:
                return
            found, self._out = bytes(self._out), bytearray()
        yield found

    def read(self, size: int = -1) -> bytes:
        while not self._rest and not self._over:
            try:
                self._rest = self._in.get(timeout=LOOK)
            except queue.Empty:
                if self._stopped.is_set():
                    raise OSError("the file is wanted no more") from None
                continue
            self._over = not self._rest
        if size < 0:
            size = len(self._rest)
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def write(self, data: bytes) -> int:
        with self._lock:
            self._out += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""
