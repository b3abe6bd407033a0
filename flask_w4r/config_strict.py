"""What must be there outside debug and testing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .config_webhooks import strict_faults
from .sections import Section

if TYPE_CHECKING:
    from .config import W4RConfig

#: hCaptcha publishes these for tests: they let everybody pass.
HCAPTCHA_TEST_SECRET = "0x" + "0" * 40
HCAPTCHA_TEST_SITE_KEY = "0000-ffff-ffff-ffff-00000000000"


def faults_outside_tests(config: W4RConfig, sections: Sequence[Section]) -> list[tuple[str, str]]:
    """Say what is missing, or stands in the way: the name of each key without ``W4R_``, and the fault."""
    faults = []
    if not config.encryption_keys:
        faults.append(("encryption_keys", "W4R_ENCRYPTION_KEYS: missing; create a key with 'flask w4r keygen'"))
    if not config.index_key:
        faults.append(("index_key", "W4R_INDEX_KEY: missing; create a key with 'flask w4r keygen'"))
    if config.index_key and config.index_key in config.encryption_keys:
        text = "W4R_INDEX_KEY: must not be one of W4R_ENCRYPTION_KEYS; create another with 'flask w4r keygen'"
        faults.append(("index_key", text))
    if config.index_key in config.index_keys_old or set(config.index_keys_old) & set(config.encryption_keys):
        text = "W4R_INDEX_KEYS_OLD: must hold earlier index keys alone, and neither W4R_INDEX_KEY nor one of W4R_ENCRYPTION_KEYS"
        faults.append(("index_keys_old", text))
    if not config.base_url and not all(section.base_url for section in sections):
        text = "W4R_BASE_URL: missing; links in mails need it, such as 'https://www.example.org'"
        faults.append(("base_url", text))
    if not config.mail_sender:
        text = "W4R_MAIL_SENDER: missing; mails need a From address, such as 'Write for Rights <w4r@example.org>'"
        faults.append(("mail_sender", text))
    if (config.hcaptcha_secret_key or "").lower() == HCAPTCHA_TEST_SECRET:
        text = "W4R_HCAPTCHA_SECRET_KEY: is hCaptcha's public test key, which lets everybody pass; use your own"
        faults.append(("hcaptcha_secret_key", text))
    if HCAPTCHA_TEST_SITE_KEY in (config.hcaptcha_site_key or "").lower():
        text = "W4R_HCAPTCHA_SITE_KEY: is one of hCaptcha's public test keys, which let everybody pass; use your own"
        faults.append(("hcaptcha_site_key", text))
    faults += [("webhooks", text) for text in strict_faults(config.webhooks)]
    feed = config.status_feed
    if feed is not None and not feed.url.startswith("https:") and not feed.allow_private:
        text = "W4R_STATUS_FEED: url must begin with https; http is for one with allow_private"
        faults.append(("status_feed", text))
    return faults
