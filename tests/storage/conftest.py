"""The stand-in for a host site, of the tests of mail."""

from __future__ import annotations

from tests.mail.conftest import database_url as database_url
from tests.mail.conftest import engine as engine
from tests.mail.conftest import module_engine as module_engine
from tests.mail.conftest import world as world
