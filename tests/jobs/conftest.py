"""The stand-in for a host site and its mail server, of the tests of mail."""

from __future__ import annotations

from tests.mail.conftest import engine as engine
from tests.mail.conftest import sink as sink
from tests.mail.conftest import small_world as small_world
from tests.mail.conftest import world as world
