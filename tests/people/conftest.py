"""People's addresses and networks on each database."""

from __future__ import annotations

from tests.antiabuse.conftest import engine as engine
from tests.mail.conftest import small_world as small_world
from tests.mail.conftest import world as world
