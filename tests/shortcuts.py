"""What sites of one process may share in tests, since it is the same for all of them and takes long to make.

A test makes a site of its own, and most of what that costs is not ours: Jinja compiles templates, Werkzeug a function
for each rule, SQLAlchemy copies tables.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import MetaData
from werkzeug.routing import Rule


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


def share_rules() -> None:
    """Let rules that read alike share the functions that build their URLs: those know nothing but what they are given."""
    original: Callable[..., Any] = Rule._compile_builder
    built: dict[Any, Any] = {}

    def build(rule: Rule, append_unknown: bool = True) -> Any:
        constants = [
            (name, rule._converters[name].to_url(value) if name in rule._converters else None)
            for name, value in (rule.defaults or {}).items()
        ]
        key = (rule.rule, tuple(rule._trace), tuple(constants), append_unknown)
        if key not in built:
            built[key] = original(rule, append_unknown)
        return built[key]

    Rule._compile_builder = build  # type: ignore[method-assign]
