"""The real services that tests talk to: where they are, whether they answer, and which were used.

A service that is away skips its tests with a reason that the summary repeats; with ``W4R_TEST_REQUIRE=all`` (as in CI)
it fails them, and so does a run in which a service was never used.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

POSTGRES = os.environ.get("W4R_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1/postgres")
#: On loopback; PyMySQL would read all certificates of the machine for each connection else.
MARIADB = os.environ.get("W4R_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1/mysql?charset=utf8mb4&ssl_disabled=1")
REDIS = os.environ.get("W4R_TEST_REDIS", "redis://127.0.0.1:6379/9")
ALL = ("sqlite", "postgresql", "mariadb", "redis", "chromium")
REQUIRED = os.environ.get("W4R_TEST_REQUIRE", "") == "all"

used: set[str] = set()
away: dict[str, str] = {}


def chromium_path() -> str | None:
    """A Chromium that is installed, else Playwright's own, else ``None``."""
    chosen = os.environ.get("W4R_TEST_CHROMIUM")
    for name in (chosen, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if name and (path := shutil.which(name)):
            return path
    return _of_playwright("chromium-*/chrome-*/chrome")


def headless_path() -> str | None:
    """The Chromium that has no windows at all, else any. It loads the same pages with half the work.

    It has no settings of an owner, though: who needs those takes :func:`chromium_path`.
    """
    if os.environ.get("W4R_TEST_CHROMIUM"):
        return chromium_path()
    for name in ("chromium-headless-shell", "chrome-headless-shell"):
        if path := shutil.which(name):
            return path
    return _of_playwright("chromium_headless_shell-*/chrome-*/*headless*shell") or chromium_path()


def _of_playwright(pattern: str) -> str | None:
    """The newest program of that name that Playwright has fetched."""
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    found = sorted(folder.glob(pattern)) if folder.is_dir() else []
    return str(found[-1]) if found else None


def _ask(kind: str) -> str | None:
    """What is wrong with a service, or ``None``."""
    try:
        if kind in ("postgresql", "mariadb"):
            from sqlalchemy import create_engine
            from sqlalchemy.pool import NullPool

            engine = create_engine(POSTGRES if kind == "postgresql" else MARIADB, poolclass=NullPool)
            with engine.connect():
                return None
        if kind == "redis":
            import redis

            client = redis.Redis.from_url(REDIS, socket_connect_timeout=2)
            client.ping()
            client.close()
        if kind == "chromium" and chromium_path() is None:
            return "no Chromium found"
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
    return None


@cache
def problem(kind: str) -> str | None:
    """Ask a service once per run."""
    return _ask(kind)


def need(kind: str) -> None:
    """This test uses a service: note it, or skip, or (where all are required) fail."""
    found = problem(kind)
    if found is None:
        used.add(kind)
        return
    away[kind] = found
    text = f"{kind} is away ({found})"
    if REQUIRED:
        pytest.fail(text)
    pytest.skip(text)
