"""The start-up checks that need a running app: each finding names its subject and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask

from .i18n import available_locales
from .seam import Finding
from .state import W4RState


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
        yield Finding("error", "keys", "keys end with this process; make lasting ones with 'flask w4r keygen'")


def _languages(app: Flask, state: W4RState) -> Iterator[Finding]:
    have = set(available_locales())
    for section in state.sections.values():
        for locale in section.locales:
            if locale not in have and locale.split("-")[0] not in have:
                yield Finding(
                    "warn", "languages", f"{section.code}: no catalogue for {locale!r}; its pages speak English"
                )


def _layout(app: Flask, state: W4RState) -> Iterator[Finding]:
    client = app.test_client()
    for section in state.sections.values():
        mount = state.mount_of(section)
        host = section.host or "localhost"
        state.lazy.pop("layout_touches_session", None)
        response = client.get(f"{mount.url_prefix}/", base_url=f"http://{host}")
        if response.status_code != 200:
            yield Finding("warn", "pages", f"{section.code}: the campaign page answers {response.status_code}")
        elif state.lazy.get("layout_touches_session"):
            yield Finding(
                "warn", "layout",
                f"{section.code}: the layout of public pages touches the session, so nothing can be cached;"
                " see docs/templates",
            )  # fmt: skip


def _captcha(app: Flask, state: W4RState) -> Iterator[Finding]:
    kind = state.config.captcha_kind
    level = "warn" if kind == "none" else "ok"
    yield Finding(level, "captcha", f"{kind}" + ("" if kind != "none" else ": signing is left to the other checks"))


CHECKS: tuple[Callable[[Flask, W4RState], Iterator[Finding]], ...] = (
    _keys,
    _host,
    _captcha,
    _languages,
    _layout,
)
