"""A section's desk."""

from __future__ import annotations

from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff
