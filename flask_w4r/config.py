"""Every ``W4R_*`` key once, with its type, default and meaning. ``docs/configuration`` is made from this table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from typing import Any

from . import config_checks as check
from . import key_sources
from .config_checks import Check
from .config_defaults import DEFAULT_RATE_LIMITS, DEFAULT_SCORING, FEATURES, HCAPTCHA_URL, USUAL_FEATURES
from .config_recipients import ALL, recipients
from .config_rollup import StatusFeed, public_key, signing_key, status_feed
from .config_strict import faults_outside_tests
from .config_webhooks import Webhook, unknown_sections, webhooks
from .errors import ConfigurationError
from .sections import Section, clashes, load_section
from .sections.days import USUAL_DAYS, kept_too_long


@dataclass(frozen=True)
class Key:
    """One configuration key: what it accepts and what it means."""

    check: Check
    default: Any
    doc: str
    shown_default: str | None = None


def _key(checker: Check, default: Any, doc: str, shown: str | None = None, *, hidden: bool = False) -> Any:
    metadata = {"key": Key(checker, default, doc, shown)}
    return dataclass_field(default_factory=lambda: default, metadata=metadata, repr=not hidden)


@dataclass(frozen=True)
class W4RConfig:
    """The library's configuration, read once in ``init_app`` and frozen."""

    section: Any = _key(
        check.any_value, None, "A preset code, such as `AU`, or a section table: the one section of this site."
    )
    sections: Any = _key(
        check.any_value, None, "Several sections in one app: a list of preset codes or section tables, one per mount."
    )
    url_prefix: str = _key(
        check.prefix, "/write-for-rights", "Where a section without a `url_prefix` of its own is mounted."
    )
    base_url: str | None = _key(
        check.url, None,
        "Scheme and host for links in mails, feeds and social cards. Never taken from a request. Needed outside debug and testing.",
    )  # fmt: skip
    bind_key: str | None = _key(
        check.text, None, "The Flask-SQLAlchemy bind that holds our tables. Default: the host's main database."
    )
    encryption_keys: tuple[str, ...] = _key(
        check.keys, (),
        "Keys that encrypt personal data, newest first; create one with `flask w4r keygen`. A list, or text separated by commas. Needed outside debug and testing.",
    )  # fmt: skip
    index_key: str = _key(
        check.index_key, "",
        "The key of all blind indexes. It is changed with `W4R_INDEX_KEYS_OLD` and `flask w4r keys reindex`. Needed outside debug and testing.",
    )  # fmt: skip
    index_keys_old: tuple[str, ...] = _key(
        check.keys,
        (),
        "Earlier index keys, newest first: what was stored is found under them too. A list, or text separated by commas.",
    )
    key_command: Any = _key(
        check.command,
        None,
        "A program that prints the keys, in place of the three keys above: text as in a shell, or a list. It is run once at the start, see :ref:`key-sources`.",
    )
    captcha: str = _key(
        check.choice("auto", "hcaptcha", "altcha", "none"), "auto",
        "`auto`: hCaptcha where both its keys are set, else ALTCHA, which asks no third party. `none` leaves signing to the other checks.",
    )  # fmt: skip
    hcaptcha_site_key: str | None = _key(check.text, None, "The site key that hCaptcha gave you.")
    hcaptcha_secret_key: str | None = _key(check.text, None, "The secret key that hCaptcha gave you.")
    hcaptcha_verify_url: str = _key(check.url, HCAPTCHA_URL, "hCaptcha's verification address.")
    rate_limits: Mapping[str, str] = _key(
        check.limits_table(DEFAULT_RATE_LIMITS), DEFAULT_RATE_LIMITS,
        "Limits by name. `host` is one address (IPv4 /32, IPv6 /128), `site` its /24 or /64, `block` its /16 or /48. Forms count once they are in order; `confirm_host` counts links that do not exist, `paper_host` letter sheets that were not made before, `class_link` what comes by the link of one class, from wherever.",
    )  # fmt: skip
    host_limits: bool = _key(
        check.yes_or_no, False,
        "Whether the default and application limits of the host's own Flask-Limiter count our pages too. `False`: only `W4R_RATE_LIMITS` does, and what the host puts on a blueprint or view of ours.",
    )  # fmt: skip
    confirmation: str = _key(
        check.choice("email", "none"),
        "email",
        "`email`: a signature counts once its email address is confirmed. `none`: at once.",
    )
    layout: str = _key(
        check.text,
        "w4r/layout.html",
        "The host's template around all our pages. Its blocks are found; see `docs/templates`.",
    )
    public_layout: str | None = _key(
        check.text,
        None,
        "Another one for pages that many read, such as one that shows no visitor, so that caches may keep them.",
        "W4R_LAYOUT",
    )
    csp: str = _key(
        check.choice("auto", "strict", "off"), "auto",
        "Our Content-Security-Policy, where the host sends none. `auto`: the strict one with our own layout; in a host's only `frame-ancestors`, `base-uri` and `form-action`. `strict`: in a host's layout too. `off`: none.",
    )  # fmt: skip
    features: frozenset[str] = _key(
        check.some_of(*FEATURES),
        frozenset(USUAL_FEATURES),
        "The parts to mount. `rollup`, the page with the sums of all sections, is for the centre's own site.",
        ", ".join(USUAL_FEATURES),
    )
    jobs: str = _key(
        check.choice("worker", "thread"), "worker",
        "`worker`: `flask w4r jobs run` or Celery does the background work. `thread`: a thread of each web process, for a site of one process whose platform runs no other.",
    )  # fmt: skip
    mail_sender: str | None = _key(
        check.sender, None, "The From address of mails, such as `Write for Rights <w4r@example.org>`."
    )
    map_tiles: Any = _key(
        check.tiles, None, "`None`: no tile server is asked. Or a table with `url`, `attribution`, `max_zoom`."
    )
    retention: Mapping[str, int] = _key(
        check.numbers_table(USUAL_DAYS, 1), USUAL_DAYS,
        "How long what is kept, in days: see :ref:`how-long`. A section's key `retention` has its own.",
    )  # fmt: skip
    erasure_ledger: str | None = _key(
        check.text, None,
        "A file outside the database, to which the worker adds every erasure as a keyed hash, so that people who were erased are erased again when an older backup is restored.",
    )  # fmt: skip
    cache_seconds: float = _key(
        check.seconds(0, 60), 5,
        "How old a public page, and a count on it, may be, in seconds: at most 2 s in this process, the rest as `max-age`.",
    )  # fmt: skip
    form_min_seconds: float = _key(
        check.seconds(0, 60), 3, "A form sent sooner than this many seconds after its token was created gets points."
    )
    form_max_seconds: float = _key(
        check.seconds(60, 86_400),
        43_200,
        "How long a form's token holds, in seconds. Older forms come back filled, with a fresh one.",
    )
    mail_url: str | None = _key(
        check.text,
        None,
        "`smtp://user:pass@host:port?tls=1`, `console:` or `file:DIR`, where no mailer is given and the host has no Flask-Mailman.",
    )
    mail_connections: int = _key(
        check.whole(1, 32),
        4,
        "Connections to the mail server of `W4R_MAIL_URL` at once. A provider may allow fewer.",
    )
    mail_utf8: bool = _key(
        check.flag, False,
        "The mail server, or your own mailer, carries mail to addresses with letters beyond a to z before the `@` (SMTPUTF8, RFC 6531). Else forms say that such an address cannot be written to.",
    )  # fmt: skip
    font_path: tuple[str, ...] = _key(
        check.folders, (),
        "Folders with fonts for PDFs, beside those of the system: a path, or a list of them. Names are printed in every script that a font there has.",
    )  # fmt: skip
    scoring: Mapping[str, int] = _key(
        check.numbers_table(DEFAULT_SCORING, 0),
        DEFAULT_SCORING,
        "Points that each finding adds (twice for rates and patterns with a strong signal), and `hold_at`, from which a signature is held.",
    )

    export_recipients: Mapping[str, tuple[str, ...]] = _key(
        recipients, {},
        "For whom files that staff take away are encrypted, by age: a list of `age1...` or SSH public keys, or such lists by the section's code. Needs the extra `age`.",
        "none: they are not encrypted",
    )  # fmt: skip
    webhooks: tuple[Webhook, ...] = _key(
        webhooks, (),
        "Programs that are told what happens, such as your CRM: tables with `url`, `events`, `secret`, and `name`, `sections` and `allow_private` where needed; see `docs/crm`.",
        "none",
    )  # fmt: skip
    signing_key: str | None = _key(
        signing_key, None,
        "The private key that signs this site's own counts, and the centre's news: of `flask w4r keygen --signing`. It may stand in a file, or come from a program, as the keys above do. See `docs/rollup`.",
        hidden=True,
    )  # fmt: skip
    rollup_root: str | None = _key(
        public_key, None,
        "Of the centre's site: the public key that signs the list of all sections' keys, whose private half is kept off line. With it no key is trusted by hand.",
    )  # fmt: skip
    status_feed: StatusFeed | None = _key(
        status_feed, None,
        "Where the centre's signed news of cases are: a table with `url`, and `public_key` or `root`; see `docs/rollup`.",
    )  # fmt: skip

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, relaxed: bool) -> tuple[W4RConfig, tuple[Section, ...]]:
        """Read and check all ``W4R_*`` keys.

        :param mapping: the host's ``app.config``.
        :param relaxed: debug or testing: keys for encryption may be missing, test keys may be used.
        :returns: the frozen configuration and its sections.
        :raises ConfigurationError: with every fault at once.
        """
        faults: list[str] = []
        mapping = key_sources.with_keys(mapping, faults)
        known = {f"W4R_{item.name.upper()}": item for item in fields(cls)}
        for name in mapping:
            if isinstance(name, str) and name.startswith("W4R_") and name not in known:
                near = difflib.get_close_matches(name, known, 1)
                mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
                faults.append(f"{name}: not a key of flask_w4r; {mend}")
        values: dict[str, Any] = {}
        bad: set[str] = set()
        for name, item in known.items():
            key: Key = item.metadata["key"]
            value = mapping.get(name)
            # None is what an environment variable that is missing gives.
            if value is None or value == key.default:
                values[item.name] = key.default
                continue
            found: list[str] = []
            values[item.name] = key.check(value, found.append)
            if found:
                values[item.name] = key.default
                bad.add(item.name)
                faults += [f"{name}: {text}" for text in found]
        config = cls(**values)
        sections = _sections(config, faults)
        if sections:
            codes = [section.code for section in sections]
            faults += unknown_sections(config.webhooks, codes)
            faults += [
                f"W4R_EXPORT_RECIPIENTS: this site has no section {code!r}; it has {', '.join(codes)}"
                for code in sorted(set(config.export_recipients) - {ALL, *codes})
            ]
        faults += kept_too_long(mapping.get("W4R_RETENTION"), sections)
        if not relaxed:
            faults += [text for name, text in faults_outside_tests(config, sections) if name not in bad]
        keys = {"hcaptcha_site_key", "hcaptcha_secret_key"}
        have = [name for name in sorted(keys) if getattr(config, name)]
        if not keys & bad and len(have) == 1:
            faults.append("W4R_HCAPTCHA_SITE_KEY, W4R_HCAPTCHA_SECRET_KEY: set both or neither")
        elif not keys & bad and config.captcha == "hcaptcha" and not have:
            faults.append("W4R_CAPTCHA: 'hcaptcha' needs W4R_HCAPTCHA_SITE_KEY and W4R_HCAPTCHA_SECRET_KEY")
        if faults:
            raise ConfigurationError(faults)
        return config, sections

    def recipients_of(self, code: str) -> tuple[str, ...]:
        """For whom the files of a section are encrypted; nobody: they are not."""
        return self.export_recipients.get(code) or self.export_recipients.get(ALL, ())

    @property
    def captcha_kind(self) -> str:
        """The captcha that is really used: ``hcaptcha``, ``altcha`` or ``none``."""
        if self.captcha == "auto":
            return "hcaptcha" if self.hcaptcha_site_key and self.hcaptcha_secret_key else "altcha"
        return self.captcha


def _sections(config: W4RConfig, faults: list[str]) -> tuple[Section, ...]:
    if config.sections is not None and config.section is not None:
        faults.append("W4R_SECTION, W4R_SECTIONS: set one of them, not both")
    if config.sections is None and config.section is None:
        faults.append("W4R_SECTION: missing; name a preset such as 'AU', or give a section table")
        return ()
    tables = config.sections if config.sections is not None else [config.section]
    if not isinstance(tables, list | tuple) or not tables:
        faults.append("W4R_SECTIONS: must be a list with at least one section; for one section use W4R_SECTION")
        return ()
    sections: list[Section] = []
    for number, table in enumerate(tables, 1):
        where = f"W4R_SECTIONS[{number}]" if config.sections is not None else "W4R_SECTION"
        section, problems = load_section(
            table, default_prefix=config.url_prefix, default_confirmation=config.confirmation
        )
        faults.extend(f"{where}.{problem}" for problem in problems)
        if section:
            sections.append(section)
    faults.extend(f"W4R_SECTIONS: {text}" for text in clashes(sections))
    return tuple(sections)
