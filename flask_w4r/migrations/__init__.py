"""Alembic revisions of our tables, and what keeps a host's own migrations off them."""

from __future__ import annotations

from .host import (
    compose,
    include_object_for_hosts,
    protect_from_flask_migrate,
    stop_waiting_for_flask_migrate,
)

__all__ = [
    "compose",
    "include_object_for_hosts",
    "protect_from_flask_migrate",
    "stop_waiting_for_flask_migrate",
]
