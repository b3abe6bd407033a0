"""The configuration: every fault at once, each naming its key and the mend; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r import ConfigurationError
from flask_w4r.config import W4RConfig
from flask_w4r.config_defaults import DEFAULT_RATE_LIMITS
from flask_w4r.keyring import generate_key
from flask_w4r.sections import Section

KEY, INDEX_KEY = generate_key(), generate_key()
#: All that a site in production must say.
WHOLE = {
    "W4R_SECTION": "AU",
    "W4R_ENCRYPTION_KEYS": KEY,
    "W4R_INDEX_KEY": INDEX_KEY,
    "W4R_BASE_URL": "https://www.example.org",
    "W4R_MAIL_SENDER": "Write for Rights <w4r@example.org>",
}


def read(relaxed: bool = False, **config: Any) -> tuple[W4RConfig, tuple[Section, ...]]:
    return W4RConfig.from_mapping({**WHOLE, **config}, relaxed=relaxed)


def faults(relaxed: bool = False, **config: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(relaxed, **config)
    assert all(fault in str(caught.value) for fault in caught.value.faults)
    return list(caught.value.faults)


def test_what_a_site_must_say_is_enough() -> None:
    config, (section,) = read()
    assert (section.code, section.url_prefix, section.default_locale) == ("AU", "/write-for-rights", "en")
    assert config.encryption_keys == (KEY,)
    assert config.captcha_kind == "altcha"
    with pytest.raises(AttributeError):
        config.captcha = "none"  # type: ignore[misc]


def test_keys_of_others_are_not_ours() -> None:
    read(DEBUG=True, SQLALCHEMY_DATABASE_URI="sqlite://", w4r_lower="x")


@pytest.mark.parametrize(
    ("key", "mend"),
    [
        ("W4R_CAPTCH", "did you mean W4R_CAPTCHA?"),
        ("W4R_RATE_LIMIT", "W4R_RATE_LIMITS?"),
        ("W4R_ZZZ", "known are W4R_"),
    ],
)
def test_an_unknown_key(key: str, mend: str) -> None:
    (fault,) = faults(**{key: "x"})
    assert fault.startswith(f"{key}: not a key of flask_w4r")
    assert mend in fault


@pytest.mark.parametrize(
    ("key", "value", "mend"),
    [
        ("W4R_URL_PREFIX", "https://example.org/x", "must be a path such as"),
        ("W4R_URL_PREFIX", "/<int:x>", "must be a path such as"),
        ("W4R_URL_PREFIX", 5, "must be a path such as"),
        ("W4R_BASE_URL", "www.example.org", "must be a full http or https URL"),
        ("W4R_BASE_URL", "ftp://example.org", "must be a full http or https URL"),
        ("W4R_BASE_URL", "https://[bad", "must be a full http or https URL"),
        ("W4R_BASE_URL", "https://example.org:port", "must be a full http or https URL"),
        ("W4R_BASE_URL", "https://example.org/?a=b", "must be a full http or https URL"),
        ("W4R_BASE_URL", "https://exa mple.org", "must be a full http or https URL"),
        ("W4R_BASE_URL", ["https://example.org"], "must be a full http or https URL"),
        ("W4R_BIND_KEY", 5, "must be text"),
        ("W4R_BIND_KEY", "", "must be text"),
        ("W4R_ENCRYPTION_KEYS", "short", "key 1 is not 32 bytes"),
        ("W4R_ENCRYPTION_KEYS", [KEY, "short"], "key 2 is not 32 bytes"),
        ("W4R_ENCRYPTION_KEYS", [b"bytes"], "key 1 is not text"),
        ("W4R_ENCRYPTION_KEYS", 5, "must be a list of keys"),
        ("W4R_INDEX_KEY", "short", "is not 32 bytes"),
        ("W4R_INDEX_KEY", 5, "must be text"),
        pytest.param("W4R_INDEX_KEY", KEY, "must not be one of W4R_ENCRYPTION_KEYS", id="W4R_INDEX_KEY-same-as-another"),
        ("W4R_CAPTCHA", "recaptcha", "must be one of auto, hcaptcha, altcha, none"),
        ("W4R_CAPTCHA", ["auto"], "must be one of auto, hcaptcha, altcha, none"),
        ("W4R_CAPTCHA", "hcaptcha", "needs W4R_HCAPTCHA_SITE_KEY and W4R_HCAPTCHA_SECRET_KEY"),
        ("W4R_HCAPTCHA_SITE_KEY", "a", "set both or neither"),
        ("W4R_HCAPTCHA_SECRET_KEY", "a", "set both or neither"),
        ("W4R_HCAPTCHA_SITE_KEY", 5, "must be text"),
        ("W4R_HCAPTCHA_VERIFY_URL", "hcaptcha.com", "must be a full http or https URL"),
        ("W4R_MAIL_UTF8", "yes", "must be True or False"),
        ("W4R_RATE_LIMITS", "10/minute", "must be a table"),
        ("W4R_RATE_LIMITS", {"sign": "10/minute"}, "has no entry 'sign'; known are"),
        ("W4R_RATE_LIMITS", {"sign_host": "often"}, "sign_host: 'often' is not a limit"),
        ("W4R_RATE_LIMITS", {"sign_host": ""}, "sign_host: '' is not a limit"),
        ("W4R_RATE_LIMITS", {"sign_host": 10}, "sign_host: 10 is not a limit"),
        ("W4R_RATE_LIMITS", {5: "10/minute"}, "has no entry 5"),
        ("W4R_CONFIRMATION", "sms", "must be one of email, none"),
        ("W4R_LAYOUT", 5, "must be text"),
        ("W4R_PUBLIC_LAYOUT", "", "must be text"),
        ("W4R_FEATURES", ["petitions", "shop"], "'shop' is not a feature; known are"),
        ("W4R_FEATURES", "petitions", "must be a list of some of"),
        ("W4R_FEATURES", 5, "must be a list of some of"),
        ("W4R_FEATURES", [["petitions"]], "must be a list of some of"),
        ("W4R_MAIL_SENDER", "Write for Rights", "must be an address"),
        ("W4R_MAIL_SENDER", "a@example.org\nBcc: all@example.org", "must be an address"),
        ("W4R_MAIL_SENDER", 5, "must be an address"),
        ("W4R_MAP_TILES", "https://tiles.example.org", "must be None, or a table with url"),
        ("W4R_MAP_TILES", {"url": "https://tiles.example.org"}, "must be None, or a table with url"),
        ("W4R_RETENTION", {"pending_days": 0}, "pending_days must be a whole number from 1 up"),
        ("W4R_RETENTION", {"pending_days": "14"}, "pending_days must be a whole number"),
        ("W4R_RETENTION", {"pending_days": True}, "pending_days must be a whole number"),
        ("W4R_RETENTION", {"names_days": 3}, "has no entry 'names_days'"),
        ("W4R_SCORING", {"hold_at": -1}, "hold_at must be a whole number from 0 up"),
        ("W4R_CACHE_SECONDS", 61, "must be a number of seconds from 0 to 60"),
        ("W4R_CACHE_SECONDS", -1, "must be a number of seconds from 0 to 60"),
        ("W4R_CACHE_SECONDS", "5", "must be a number of seconds from 0 to 60"),
        ("W4R_CACHE_SECONDS", float("nan"), "must be a number of seconds from 0 to 60"),
        ("W4R_FORM_MIN_SECONDS", 61, "must be a number of seconds from 0 to 60"),
        ("W4R_FORM_MAX_SECONDS", 59, "must be a number of seconds from 60 to 86400"),
        ("W4R_FORM_MAX_SECONDS", True, "must be a number of seconds from 60 to 86400"),
        ("W4R_MAIL_URL", 5, "must be text"),
        ("W4R_SECTION", 5, "give a preset code such as 'AU', or a section table"),
        ("W4R_SECTION", {}, "missing; give it, or name a preset"),
        ("W4R_SECTION", "XX", "there is no preset 'XX'; choose one of AU"),
        ("W4R_SECTIONS", ["AU"], "set one of them, not both"),
    ],
)  # fmt: skip
def test_a_bad_value(key: str, value: Any, mend: str) -> None:
    for relaxed in (False, True) if key != "W4R_INDEX_KEY" or value != KEY else (False,):
        found = faults(relaxed, **{key: value})
        assert all(key in fault for fault in found), found
        assert any(mend in fault for fault in found), found


def test_no_fault_repeats_a_secret() -> None:
    secret = "not-a-key-but-a-secret"
    found = faults(W4R_ENCRYPTION_KEYS=[secret], W4R_INDEX_KEY=secret)
    assert secret not in " ".join(found)


def test_all_faults_at_once() -> None:
    found = faults(
        W4R_CAPTCH="x",
        W4R_CAPTCHA="x",
        W4R_BASE_URL="x",
        W4R_MAIL_SENDER=None,
        W4R_CACHE_SECONDS=900,
        W4R_SECTION={"preset": "AU", "min_age": 3, "colour": "red", "country": "australia"},
    )
    keys = [fault.partition(":")[0] for fault in found]
    assert keys == [
        "W4R_CAPTCH", "W4R_BASE_URL", "W4R_CAPTCHA", "W4R_CACHE_SECONDS", "W4R_SECTION.colour",
        "W4R_SECTION.country", "W4R_SECTION.min_age", "W4R_MAIL_SENDER",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY", "W4R_BASE_URL", "W4R_MAIL_SENDER"])
@pytest.mark.parametrize("gone", ["absent", "none"])
def test_what_production_needs_and_development_does_not(key: str, gone: str) -> None:
    config = {name: value for name, value in WHOLE.items() if name != key}
    if gone == "none":
        config[key] = None  # type: ignore[assignment]  # As os.environ.get gives it.
    with pytest.raises(ConfigurationError) as caught:
        W4RConfig.from_mapping(config, relaxed=False)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{key}: missing")
    W4RConfig.from_mapping(config, relaxed=True)


def test_a_section_may_have_the_base_url() -> None:
    read(W4R_BASE_URL=None, W4R_SECTION={"preset": "AU", "base_url": "https://au.example.org"})


def test_the_section_is_never_guessed() -> None:
    (fault,) = faults(W4R_SECTION=None)
    assert fault.startswith("W4R_SECTION: missing")


TEST_PAIR = {
    "W4R_HCAPTCHA_SITE_KEY": "10000000-ffff-ffff-ffff-000000000001",
    "W4R_HCAPTCHA_SECRET_KEY": "0x0000000000000000000000000000000000000000",
}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_public_test_keys_of_hcaptcha(number: int) -> None:
    pair = {**TEST_PAIR, "W4R_HCAPTCHA_SITE_KEY": f"{number}0000000-FFFF-ffff-ffff-00000000000{number}"}
    found = faults(**pair)
    assert [fault.partition(":")[0] for fault in found] == ["W4R_HCAPTCHA_SECRET_KEY", "W4R_HCAPTCHA_SITE_KEY"]
    assert all("public test key" in fault and "use your own" in fault for fault in found)
    config, _ = read(relaxed=True, **pair)
    assert config.captcha_kind == "hcaptcha"


def test_real_keys_of_hcaptcha() -> None:
    pair = {"W4R_HCAPTCHA_SITE_KEY": "4c672d35-0701-42b2-88c3-78380b0db560", "W4R_HCAPTCHA_SECRET_KEY": "ES_abc"}
    assert read(**pair)[0].captcha_kind == "hcaptcha"
    assert read(**pair, W4R_CAPTCHA="altcha")[0].captcha_kind == "altcha"


def test_keys_as_text_or_list() -> None:
    other = generate_key()
    for value in (f"{other},{KEY}", f"{other}, {KEY}", f"{other} {KEY}", [other, KEY], (other, KEY)):
        assert read(W4R_ENCRYPTION_KEYS=value)[0].encryption_keys == (other, KEY)


def test_tables_are_laid_over_the_usual() -> None:
    config, _ = read(
        W4R_RATE_LIMITS={"sign_host": "5/minute"}, W4R_RETENTION={"token_days": 3}, W4R_SCORING={"hold_at": 9}
    )
    assert (config.rate_limits["sign_host"], config.rate_limits["sign_site"]) == (
        "5/minute",
        DEFAULT_RATE_LIMITS["sign_site"],
    )
    assert (config.retention["token_days"], config.retention["pending_days"]) == (3, 14)
    assert config.scoring["hold_at"] == 9
    with pytest.raises(TypeError):
        config.scoring["hold_at"] = 1  # type: ignore[index]


def test_every_key_is_explained() -> None:
    from dataclasses import fields

    for item in fields(W4RConfig):
        assert len(item.metadata["key"].doc) > 10, item.name
