"""Renderings of public pages, kept for a moment in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from . import Here
from .layout import Part

#: How long one rendering is served before it is made anew, in seconds, within ``W4R_CACHE_SECONDS``.
RENDER_SECONDS = 2.0
MAX_PAGES = 2000
#: What one process keeps of files that it made.
MAX_FILE_BYTES = 24_000_000


def until(seconds: float) -> float:
    """The moment so many seconds from now, on the clock of this module."""
    return monotonic() + seconds


class Rendered(NamedTuple):
    """A whole page. Without an ``etag`` it is for one visitor, whom something looked at."""

    body: bytes
    etag: str


def rendered(text: str, *, for_all: bool) -> Rendered:
    """A page, ready to send."""
    body = text.encode()
    return Rendered(body, hashlib.sha256(body).hexdigest()[:32] if for_all else "")


class Kept(NamedTuple):
    """What is kept of one page."""

    expires: float
    #: The page as it is for everybody, where its layout looks at nobody.
    whole: Rendered | None
    #: What is ours of it, where it stands in a layout of the host's.
    part: Part | None
    framed: bool


class FileCache:
    """Files that take long to make, such as pictures: kept by what they are made of, so that none is ever out of date."""

    def __init__(self, most: int = MAX_FILE_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._files: dict[str, bytes] = {}
        self._lock = Lock()
        self._locks = [Lock() for _ in range(16)]

    def get(self, digest: str) -> bytes | None:
        """What is kept under a digest."""
        with self._lock:
            found = self._files.pop(digest, None)
            if found is not None:
                # Those not asked for the longest go first.
                self._files[digest] = found
            return found

    def made(self, digest: str, make: Callable[[], bytes]) -> bytes:
        """A file, which is made once though many ask for it.

        :param digest: names all that it is made of.
        """
        with self._locks[hash(digest) % len(self._locks)]:
            found = self.get(digest)
            return self._keep(digest, make()) if found is None else found

    def _keep(self, digest: str, data: bytes) -> bytes:
        with self._lock:
            self._files[digest] = data
            self._bytes += len(data)
            while self._bytes > self._most and len(self._files) > 1:
                self._bytes -= len(self._files.pop(next(iter(self._files))))
        return data


def file_cache(place: Here) -> FileCache:
    """The app's files."""
    cache: FileCache = place.state.once("files", FileCache)
    return cache


class PageCache:
    """One rendering per (section, locale, page)."""

    def __init__(self) -> None:
        self._pages: dict[Any, Kept] = {}
        # A fixed number, since anybody may ask for pages that do not exist.
        self._locks = [Lock() for _ in range(64)]

    def get(self, key: Any) -> Kept | None:
        """What is kept, if it is still fresh."""
        found = self._pages.get(key)
        return found if found is not None and found.expires > monotonic() else None

    def put(self, key: Any, kept: Kept) -> None:
        """Keep a rendering; the oldest go first when there are very many."""
        if len(self._pages) >= MAX_PAGES:
            for old in list(self._pages)[: MAX_PAGES // 10]:
                self._pages.pop(old, None)
        self._pages[key] = kept

    def lock(self, key: Any) -> Lock:
        """Held while a page is made, so that a crowd has it made once."""
        return self._locks[hash(key) % len(self._locks)]

    def clear(self) -> None:
        """Forget everything, because a case changed in this process."""
        self._pages.clear()


def page_cache(place: Here) -> PageCache:
    """The app's cache of renderings."""
    cache: PageCache = place.state.once("pages", PageCache)
    return cache
