"""What sites of one process may share in tests, since it is the same for all of them and takes long to make.

A test makes a site of its own, and most of what that costs is not ours: Jinja compiles templates and SQLAlchemy
copies tables.
"""

from __future__ import annotations

from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import MetaData


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


_by_extensions: dict[tuple[str, ...], SharedTemplates] = {}


def share_templates(app: Flask) -> None:
    """Let a site that is set up share what it compiles with those whose Jinja has the same extensions."""
    alike = tuple(sorted(app.jinja_env.extensions))
    app.jinja_env.bytecode_cache = _by_extensions.setdefault(alike, SharedTemplates())


#: A host's metadata with our tables in it, for hosts that have no tables of their own.
METADATA = MetaData()
