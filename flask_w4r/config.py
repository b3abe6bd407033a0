"""Every ``W4R_*`` key once, with its type, default and meaning. ``docs/configuration`` is made from this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from limits import parse_many

from .errors import ConfigurationError
from .keyring import check_key
from .sections import Section, load_section

HCAPTCHA_URL = "https://api.hcaptcha.com/siteverify"
#: hCaptcha publishes these for tests: they let everybody pass.
HCAPTCHA_TEST_SECRET = "0x" + "0" * 40
HCAPTCHA_TEST_SITE_KEY_PARTS = ("0000-ffff-ffff-ffff-00000000000",)
FEATURES = ("petitions", "impact", "moderation", "tally")

DEFAULT_RATE_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "sign_host": "30/minute; 300/hour",
        "sign_site": "150/minute",
        "sign_block": "1000/minute",
        "sign_uncaptcha": "40/hour",
        "token_host": "120/minute",
        "confirm_host": "60/minute",
    }
)
DEFAULT_RETENTION: Mapping[str, int] = MappingProxyType({"pending_days": 14, "token_days": 7, "sent_mail_days": 30})
DEFAULT_SCORING: Mapping[str, int] = MappingProxyType(
    {
        "hold_at": 50,
        "too_fast": 20,
        "name_marks": 10,
        "name_scripts": 15,
        "name_link": 50,
        "disposable_domain": 50,
    }
)

Fault = Callable[[str], None]


@dataclass(frozen=True)
class Key:
    """One configuration key: what it accepts and what it means."""

    check: Callable[[Any, Fault], Any]
    default: Any
    doc: str
    shown_default: str | None = None


def _text(value: Any, fault: Fault) -> Any:
    if not isinstance(value, str) or not value:
        fault("must be a text")
    return value


def _url(value: Any, fault: Fault) -> Any:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        fault("must be a full http or https URL, such as 'https://www.example.org'")
        return value
    return value.rstrip("/")


def _choice(*choices: str) -> Callable[[Any, Fault], Any]:
    def check(value: Any, fault: Fault) -> Any:
        if value not in choices:
            fault(f"must be one of {', '.join(choices)}")
        return value

    return check


def _seconds(low: int, high: int) -> Callable[[Any, Fault], Any]:
    def check(value: Any, fault: Fault) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            fault(f"must be a number of seconds from {low} to {high}")
        return value

    return check


def _keys(value: Any, fault: Fault) -> Any:
    keys = tuple(value.replace(",", " ").split()) if isinstance(value, str) else tuple(value or ())
    for number, key in enumerate(keys, 1):
        if problem := check_key(str(key)):
            fault(f"key {number} {problem}")
    return keys


def _index_key(value: Any, fault: Fault) -> Any:
    if problem := check_key(str(value)):
        fault(problem)
    return value


def _table(known: Mapping[str, Any], kind: type) -> Callable[[Any, Fault], Any]:
    def check(value: Any, fault: Fault) -> Any:
        if not isinstance(value, Mapping):
            fault("must be a table")
            return known
        for key, item in value.items():
            if key not in known:
                fault(f"has no entry {key!r}; known are {', '.join(sorted(known))}")
            elif not isinstance(item, kind) or isinstance(item, bool):
                fault(f"{key} must be {'a whole number' if kind is int else 'a text'}")
            elif kind is str:
                try:
                    parse_many(str(item))
                except ValueError:
                    fault(f"{key}: {item!r} is not a limit, such as '10/minute; 60/hour'")
        return MappingProxyType({**known, **value})

    return check


def _features(value: Any, fault: Fault) -> Any:
    chosen = frozenset(value)
    for name in sorted(chosen - set(FEATURES)):
        fault(f"{name!r} is not a feature; known are {', '.join(FEATURES)}")
    return chosen


def _tiles(value: Any, fault: Fault) -> Any:
    if value is not None and (not isinstance(value, Mapping) or not {"url", "attribution", "max_zoom"} <= set(value)):
        fault("must be None or a table with url, attribution and max_zoom")
    return value


def _any(value: Any, fault: Fault) -> Any:
    return value


def _key(check: Callable[[Any, Fault], Any], default: Any, doc: str, shown: str | None = None) -> Any:
    return dataclass_field(default_factory=lambda: default, metadata={"key": Key(check, default, doc, shown)})


@dataclass(frozen=True)
class W4RConfig:
    """The library's configuration, read once in ``init_app`` and frozen."""

    section: Any = _key(_any, None, "A preset code, such as `AU`, or a section table: the one section of this site.")
    sections: Any = _key(_any, None, "Several sections in one app: a list of preset codes or section tables, one a mount.")
    url_prefix: str = _key(_any, "/write-for-rights", "Where a section without a `url_prefix` of its own is mounted.")
    base_url: str | None = _key(
        _url, None,
        "Scheme and host for links in mails, feeds and social cards. Never taken from a request. Needed outside debug and testing.",
    )  # fmt: skip
    bind_key: str | None = _key(_text, None, "The Flask-SQLAlchemy bind that holds our tables. Default: the host's main database.")
    encryption_keys: tuple[str, ...] = _key(
        _keys, (),
        "Keys that seal personal data, newest first; make one with `flask w4r keygen`. A list, or text parted by commas. Needed outside debug and testing.",
    )  # fmt: skip
    index_key: str = _key(
        _index_key, "", "The key of all blind indexes; it does not rotate. Needed outside debug and testing."
    )
    captcha: str = _key(
        _choice("auto", "hcaptcha", "altcha", "none"), "auto",
        "`auto`: hCaptcha where both its keys are set, else ALTCHA, which asks no third party. `none` leaves signing to the other checks.",
    )  # fmt: skip
    hcaptcha_site_key: str | None = _key(_text, None, "The site key that hCaptcha gave you.")
    hcaptcha_secret_key: str | None = _key(_text, None, "The secret key that hCaptcha gave you.")
    hcaptcha_verify_url: str = _key(_url, HCAPTCHA_URL, "hCaptcha's verification address.")
    rate_limits: Mapping[str, str] = _key(
        _table(DEFAULT_RATE_LIMITS, str), DEFAULT_RATE_LIMITS,
        "Limits by name. `host` is one address (IPv4 /32, IPv6 /128), `site` its /24 or /64, `block` its /16 or /48.",
    )  # fmt: skip
    confirmation: str = _key(
        _choice("email", "none"), "email", "`email`: a signature counts once its mailbox is proved. `none`: at once."
    )
    layout: str = _key(_text, "w4r/layout.html", "The host's template for forms and the desk; needs the blocks of `w4r/layout.html`.")
    public_layout: str = _key(
        _text, "w4r/layout.html", "The host's template for pages that many read. If it touches the session they are no longer cacheable."
    )
    features: frozenset[str] = _key(_features, frozenset(FEATURES), "The parts to mount.", ", ".join(FEATURES))
    mail_sender: str | None = _key(_text, None, "The From address of mails, such as `Write for Rights <w4r@example.org>`.")
    map_tiles: Any = _key(_tiles, None, "`None`: no tile server is asked. Or a table with `url`, `attribution`, `max_zoom`.")
    retention: Mapping[str, int] = _key(
        _table(DEFAULT_RETENTION, int), DEFAULT_RETENTION,
        "Days after which things go: unconfirmed signatures, links in mails, records of sent mail.",
    )  # fmt: skip
    cache_seconds: float = _key(_seconds(0, 60), 3, "`max-age` of public pages, in seconds. Counts on them are up to 2 s older.")
    form_min_seconds: float = _key(_seconds(0, 60), 3, "A form sent sooner than this after its token was made scores.")
    form_max_seconds: float = _key(
        _seconds(60, 86_400), 43_200, "How long a form and its CSRF token hold, in seconds. Older ones come back filled with fresh tokens."
    )
    mail_url: str | None = _key(
        _text, None, "`smtp://user:pass@host:port?tls=1`, `console:` or `file:DIR`, where no mailer is given and the host has no Flask-Mailman."
    )
    scoring: Mapping[str, int] = _key(
        _table(DEFAULT_SCORING, int), DEFAULT_SCORING, "Points a finding adds, and `hold_at`, from which a signature is held."
    )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, relaxed: bool) -> tuple[W4RConfig, tuple[Section, ...]]:
        """Read and check all ``W4R_*`` keys.

        :param mapping: the host's ``app.config``.
        :param relaxed: debug or testing: keys for encryption may be missing, test keys may be used.
        :returns: the frozen configuration and its sections.
        :raises ConfigurationError: with every fault at once.
        """
        faults: list[str] = []
        known = {f"W4R_{item.name.upper()}": item for item in fields(cls)}
        for name in sorted(key for key in mapping if key.startswith("W4R_")):
            if name not in known:
                faults.append(f"{name}: not a key of flask_w4r; known are {', '.join(sorted(known))}")
        values: dict[str, Any] = {}
        for name, item in known.items():
            key: Key = item.metadata["key"]
            value = mapping.get(name, key.default)
            if value != key.default:
                value = key.check(value, lambda text, name=name: faults.append(f"{name}: {text}"))  # type: ignore[misc]
            values[item.name] = value
        config = cls(**values)
        sections = _sections(config, faults)
        if not relaxed:
            faults.extend(_strict_faults(config, sections))
        if config.captcha == "hcaptcha" and not (config.hcaptcha_site_key and config.hcaptcha_secret_key):
            faults.append("W4R_CAPTCHA: 'hcaptcha' needs W4R_HCAPTCHA_SITE_KEY and W4R_HCAPTCHA_SECRET_KEY")
        if bool(config.hcaptcha_site_key) != bool(config.hcaptcha_secret_key):
            faults.append("W4R_HCAPTCHA_SITE_KEY, W4R_HCAPTCHA_SECRET_KEY: set both or neither")
        if faults:
            raise ConfigurationError(faults)
        return config, sections

    @property
    def captcha_kind(self) -> str:
        """The captcha that is really used: ``hcaptcha``, ``altcha`` or ``none``."""
        if self.captcha == "auto":
            return "hcaptcha" if self.hcaptcha_site_key and self.hcaptcha_secret_key else "altcha"
        return self.captcha


def _sections(config: W4RConfig, faults: list[str]) -> tuple[Section, ...]:
    if config.sections is not None and config.section is not None:
        faults.append("W4R_SECTION, W4R_SECTIONS: set one of them, not both")
    tables = config.sections if config.sections is not None else [config.section or "AU"]
    if isinstance(tables, str | Mapping):
        faults.append("W4R_SECTIONS: must be a list; for one section use W4R_SECTION")
        return ()
    if config.section is None and config.sections is None:
        faults.append("W4R_SECTION: missing; name a preset such as 'AU', or give a section table")
    sections: list[Section] = []
    for number, table in enumerate(tables, 1):
        where = f"W4R_SECTIONS[{number}]" if config.sections is not None else "W4R_SECTION"
        section, problems = load_section(
            table, default_prefix=config.url_prefix, default_confirmation=config.confirmation
        )
        faults.extend(f"{where}.{problem}" for problem in problems)
        if section:
            sections.append(section)
    seen: set[Any] = set()
    for section in sections:
        if section.code in seen:
            faults.append(f"W4R_SECTIONS: two sections have the code {section.code!r}")
        place = (section.url_prefix, section.host)
        if place in seen or (section.url_prefix, None) in seen or (
            section.host is None and any(isinstance(p, tuple) and p[0] == section.url_prefix for p in seen)
        ):
            faults.append(
                f"W4R_SECTIONS: two sections stand at {section.url_prefix or '/'};"
                " give each a url_prefix, or each a host, of its own"
            )
        seen.update({section.code, place})
    return tuple(sections)


def _strict_faults(config: W4RConfig, sections: tuple[Section, ...]) -> list[str]:
    faults = []
    if not config.encryption_keys:
        faults.append("W4R_ENCRYPTION_KEYS: missing; make a key with 'flask w4r keygen'")
    if not config.index_key:
        faults.append("W4R_INDEX_KEY: missing; make a key with 'flask w4r keygen'")
    if config.index_key and config.index_key in config.encryption_keys:
        faults.append("W4R_INDEX_KEY: must not be one of W4R_ENCRYPTION_KEYS; make another with 'flask w4r keygen'")
    if not config.base_url and not all(section.base_url for section in sections):
        faults.append("W4R_BASE_URL: missing; links in mails need it, such as 'https://www.example.org'")
    if not config.mail_sender:
        faults.append("W4R_MAIL_SENDER: missing; mails need a From address")
    if config.hcaptcha_secret_key == HCAPTCHA_TEST_SECRET:
        faults.append("W4R_HCAPTCHA_SECRET_KEY: is hCaptcha's public test key, which lets everybody pass")
    site_key = config.hcaptcha_site_key or ""
    if any(part in site_key for part in HCAPTCHA_TEST_SITE_KEY_PARTS):
        faults.append("W4R_HCAPTCHA_SITE_KEY: is one of hCaptcha's public test keys, which let everybody pass")
    return faults
