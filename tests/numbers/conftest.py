"""Sites of the embedding tests, and a desk."""

from __future__ import annotations

from tests.embedding.conftest import make_site as make_site
from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff
