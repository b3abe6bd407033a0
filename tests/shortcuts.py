"""What sites of one process may share in tests, since it is the same for all of them and takes long to make.

A test makes a site of its own, and most of what that costs is not ours: Jinja compiles templates and SQLAlchemy
copies tables.
"""

from __future__ import annotations

from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import StrictUndefined
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect, Engine, MetaData


class SharedTemplates(BytecodeCache):
    """Templates that another site of this process has compiled already. The sites' environments must be alike."""

    def __init__(self) -> None:
        self.compiled: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self.compiled.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self.compiled[bucket.key] = (bucket.checksum, bucket.code)


_by_kind: dict[tuple[Any, ...], SharedTemplates] = {}
_SYNTAX = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "block_start_string", "variable_start_string",
           "comment_start_string", "line_statement_prefix", "line_comment_prefix", "optimized")  # fmt: skip


def share_templates(app: Flask) -> None:
    """Let a site that is set up share what it compiles with those whose Jinja is alike, and be strict with its templates.

    A host may have ``StrictUndefined``, so no template of ours may use what it was not given.
    """
    env = app.jinja_env
    env.undefined = StrictUndefined
    alike = (*sorted(env.extensions), *(getattr(env, name) for name in _SYNTAX))
    env.bytecode_cache = _by_kind.setdefault(alike, SharedTemplates())


#: A host's metadata with our tables in it, for hosts that have no tables of their own.
METADATA = MetaData()


class Shared(SQLAlchemy):
    """A host's database whose statements may have been compiled by another site of this process.

    SQLAlchemy keeps what it compiled by dialect, and makes one for each engine. Those that are made with the same options
    for the same kind of database are alike once they have met it.
    """

    _by_driver: ClassVar[dict[str, tuple[Dialect, Any]]] = {}

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        engine = super()._make_engine(bind_key, options, app)
        if set(options) <= {"url", "echo", "echo_pool", "pool_size", "max_overflow"}:
            dialect, compiled = self._by_driver.get(engine.url.drivername, (None, None))
            if dialect is None or dialect.server_version_info is None:
                self._by_driver[engine.url.drivername] = (engine.dialect, engine._compiled_cache)
            else:
                engine.dialect = engine.pool._dialect = dialect
                engine._compiled_cache = compiled
        return engine
