"""The start-up checks that need a running app: each finding names its subject and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask
from werkzeug.test import TestResponse

from .i18n import available_locales
from .mailers import make_mailer
from .seam import Finding
from .sections import Section
from .state import W4RState
from .web.csp import lacking, needed_directives
from .web.layout import LACKS, find_layout, layouts_in_use


def examine(app: Flask, state: W4RState) -> list[Finding]:
    """Run every check; one that fails to run is itself a finding."""
    findings: list[Finding] = []
    own = [(check.__name__.removeprefix("_"), check) for check in CHECKS]
    for subject, check in own + [(one.name, check) for one in state.seam.capabilities for check in one.checks]:
        try:
            findings += list(check(app, state))
        except Exception as error:
            findings.append(Finding("error", subject, f"could not be checked: {type(error).__name__}"))
    return findings


def _host(app: Flask, state: W4RState) -> Iterator[Finding]:
    problems: list[str] = state.lazy["unmet"]()
    yield from (Finding("error", "host", problem) for problem in problems)
    if not problems:
        yield Finding("ok", "host", "limiter and hooks are in place")
    if not app.config.get("SESSION_COOKIE_SECURE") and not (app.debug or app.testing):
        yield Finding("warn", "cookies", "set SESSION_COOKIE_SECURE = True, so that the session's cookie needs HTTPS")
    if app.config.get("SESSION_COOKIE_SAMESITE") is None:
        yield Finding("warn", "cookies", "set SESSION_COOKIE_SAMESITE = 'Lax'")
    if not app.config.get("TRUSTED_HOSTS"):
        yield Finding("warn", "hosts", "set TRUSTED_HOSTS to the site's host names")


def _keys(app: Flask, state: W4RState) -> Iterator[Finding]:
    if state.config.encryption_keys and state.config.index_key:
        yield Finding("ok", "keys", f"{len(state.config.encryption_keys)} encryption key(s) and an index key")
    else:
        yield Finding(
            "error", "keys", "keys are lost when this process ends; create permanent ones with 'flask w4r keygen'"
        )


def _languages(app: Flask, state: W4RState) -> Iterator[Finding]:
    have = set(available_locales())
    for section in state.sections.values():
        for locale in section.locales:
            if locale not in have and locale.split("-")[0] not in have:
                yield Finding(
                    "warn", "languages", f"{section.code}: no catalogue for {locale!r}; its pages are in English"
                )


def _layout(app: Flask, state: W4RState) -> Iterator[Finding]:
    for key, name in layouts_in_use(state).items():
        layout = find_layout(app, state, name)
        for block, (lack, mend) in LACKS.items():
            stands_in = layout.places.get(block)
            if stands_in is None:
                yield Finding("warn", "layout", f"{key}: {name} has no block {block}, so {lack}: put {mend}")
            elif stands_in != block:
                yield Finding("ok", "layout", f"{key}: in {name} the block {stands_in} stands for {block}")


def _visits(app: Flask, state: W4RState) -> Iterator[Finding]:
    for section in state.sections.values():
        state.lazy.pop("layout_touches_session", None)
        response = _campaign_page(app, state, section)
        if response.status_code != 200:
            yield Finding(
                "warn", "pages", f"{section.code}: the campaign page answers with status {response.status_code}"
            )
        elif state.lazy.get("layout_touches_session"):
            yield Finding(
                "warn", "layout",
                f"{section.code}: the layout of public pages uses the session, so caches on the way keep nothing;"
                " W4R_PUBLIC_LAYOUT may name one that does not, see docs/templates",
            )  # fmt: skip


def _mail_utf8(app: Flask, state: W4RState) -> Iterator[Finding]:
    if not state.config.mail_utf8:
        for section in state.sections.values():
            if not (section.desk_email or "").rpartition("@")[0].isascii():
                yield Finding("error", "mail", f"{section.code}: desk_email needs SMTPUTF8; see W4R_MAIL_UTF8")
        return
    asks = getattr(make_mailer(app, state.config, state.hooks), "carries_utf8", None)
    if asks is None or asks():
        yield Finding("ok", "mail", "mail goes to addresses beyond ASCII too")
    else:
        yield Finding("error", "mail", "W4R_MAIL_UTF8 is set, and the mail server or Flask-Mailman offers no SMTPUTF8")


def _campaign_page(app: Flask, state: W4RState, section: Section) -> TestResponse:
    mount = state.mount_of(section)
    return app.test_client().get(f"{mount.url_prefix}/", base_url=f"http://{section.host or 'localhost'}")


def _policy(app: Flask, state: W4RState) -> Iterator[Finding]:
    needed = needed_directives(state)
    text = "; ".join(f"{name} {' '.join(sources)}" for name, sources in needed.items())
    sent = _campaign_page(app, state, next(iter(state.sections.values()))).headers.get("Content-Security-Policy", "")
    ours = {state.lazy["csp_header"](framed) for framed in (False, True)}
    if sent and sent not in ours:
        for lack in lacking(sent, needed):
            yield Finding("warn", "csp", f"your Content-Security-Policy does not name {lack}, which our parts need")
    elif not sent:
        yield Finding("warn", "csp", "no Content-Security-Policy is sent: set W4R_CSP = 'auto', or send one of yours")
    yield Finding("ok", "csp", f"a Content-Security-Policy of yours must allow our parts: {text}")


def _captcha(app: Flask, state: W4RState) -> Iterator[Finding]:
    kind = state.config.captcha_kind
    level = "warn" if kind == "none" else "ok"
    yield Finding(level, "captcha", f"{kind}" + ("" if kind != "none" else ": signing relies on the other checks"))


CHECKS: tuple[Callable[[Flask, W4RState], Iterator[Finding]], ...] = (
    _keys,
    _host,
    _captcha,
    _mail_utf8,
    _languages,
    _layout,
    _visits,
    _policy,
)
