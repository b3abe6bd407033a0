"""The stand-in for a host site, of the tests of mail."""

from __future__ import annotations

from tests.mail.conftest import engine as engine
from tests.mail.conftest import world as world
