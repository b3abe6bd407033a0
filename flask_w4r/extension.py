"""The door: :class:`W4R` reads the configuration, mounts each section and registers the command line.

``import flask_w4r`` loads what a host names: this class, sections, actors, signals. Tables, services and pages are loaded
within ``init_app``, since every ``flask`` command imports the package for our entry point, of whatever app it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask

from .clock import Clock, system_clock
from .errors import ConfigurationError, W4RError
from .seam import Capability, Seam
from .sections import Section
from .state import Actor, Hooks, Mailer, Mount, Permission, W4RState, get_state
from .waiting import Waiting, only_looked_for

if TYPE_CHECKING:
    from flask_limiter import Limiter
    from sqlalchemy import Engine

    from .config import W4RConfig

log = logging.getLogger("flask_w4r")
ActorLoader = Callable[[], Actor | None]
PermissionCheck = Callable[[Actor, Permission, Section], bool]
CountryLookup = Callable[[str], str | None]


class W4R:
    """Write for Rights in a Flask app. One object may serve many apps; what it works out lives on each app.

    ::

        w4r = W4R()
        w4r.init_app(app, db)

    :param app: the host's app, to set up at once.
    :param db: the host's Flask-SQLAlchemy object.
    :param limiter: the host's Flask-Limiter; default: the one on the app, else one of our own.
    :param mailer: takes one ``email.message.EmailMessage``, and raises when it could not hand it over.
    :param actor_loader: returns the signed-in member of staff, or ``None``.
    :param permission_check: says ``True`` where an actor may do something in a section.
    :param clock: returns the current UTC time; for tests and simulations.
    :param capabilities: what the site can do; default: ``flask_w4r.capabilities.CAPABILITIES``. A host that brings
        something of its own adds it to those.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: Any = None,
        *,
        limiter: Limiter | None = None,
        mailer: Mailer | None = None,
        actor_loader: ActorLoader | None = None,
        permission_check: PermissionCheck | None = None,
        clock: Clock = system_clock,
        capabilities: Sequence[Capability] | None = None,
    ) -> None:
        self._limiter = limiter
        self._clock = clock
        self._hooks: dict[str, Any] = {
            "mailer": mailer,
            "actor_loader": actor_loader,
            "permission_check": permission_check,
            "confirm_identity": None,
            "subscriber_sink": None,
            "withdrawal_sink": None,
            "country_lookup": None,
        }
        self._seam = None if capabilities is None else Seam(capabilities)
        if app is not None:
            self.init_app(app, db)

    def actor_loader(self, function: ActorLoader) -> ActorLoader:
        """Register the function that returns the signed-in :class:`Actor`, or ``None``. Before ``init_app``."""
        self._hooks["actor_loader"] = function
        return function

    def permission_check(self, function: PermissionCheck) -> PermissionCheck:
        """Register the function that says ``True`` where an actor may do something in a section."""
        self._hooks["permission_check"] = function
        return function

    def confirm_identity(self, function: Callable[[Actor, str], str | None]) -> Callable[[Actor, str], str | None]:
        """Register the function that has a member of staff prove once more who they are, before they take data away.

        It is given the :class:`Actor` and the URL of our page, and returns the URL of yours that asks for a password, or
        ``None`` where they proved it a moment ago.
        """
        self._hooks["confirm_identity"] = function
        return function

    def country_lookup(self, function: CountryLookup) -> CountryLookup:
        """Register the function that says in which country (ISO 3166, two letters) an address is, or ``None``.

        It is asked while a section has rules for countries, once a signature; what it raises counts as ``None``.
        """
        self._hooks["country_lookup"] = function
        return function

    def subscriber_sink(self, function: Callable[[Any], None]) -> Callable[[Any], None]:
        """Register the function that takes newsletter opt-ins, at least once each."""
        self._hooks["subscriber_sink"] = function
        return function

    def withdrawal_sink(self, function: Callable[[Any], None]) -> Callable[[Any], None]:
        """Register the function that is told, at least once each, of people who want no newsletter any more.

        It takes a ``Withdrawal``: ``section``, ``emails``, ``at`` and ``why``, which is ``withdrawn`` or ``erased``.
        """
        self._hooks["withdrawal_sink"] = function
        return function

    def init_app(self, app: Flask, db: Any = None) -> None:
        """Set the library up on an app.

        :param app: the host's app. Its other extensions may be set up before or after.
        :param db: the host's Flask-SQLAlchemy object; default: the one on the app.
        :raises ConfigurationError: every fault of our own configuration at once.
        """
        if "w4r" in app.extensions:
            raise ConfigurationError(["W4R.init_app was called twice on this app; call it once"])
        from .configured import configure

        set_up = partial(self._set_up, app, *configure(app, db))
        if only_looked_for():
            app.extensions["w4r"] = Waiting(app, set_up)
        else:
            set_up()
        from .cli import w4r_group

        app.cli.add_command(w4r_group)

    def _set_up(self, app: Flask, config: W4RConfig, sections: tuple[Section, ...], database: Any) -> None:
        from .blueprints import create_blueprint
        from .migrations import protect_from_flask_migrate
        from .web import templating
        from .web.assets import create_assets
        from .web.host import register_hooks
        from .web.late_rules import late_rules

        state = self._make_state(app, database, config, sections)
        app.extensions["w4r"] = state
        _copy_tables(database, config.bind_key)
        templating.register(app)
        self._prepare_late_parts(app, state, database)
        matching = app.url_map.host_matching
        app.register_blueprint(create_assets(host_matching=matching))
        with late_rules(app):
            for mount in state.mounts:
                blueprint = create_blueprint(mount, state, host_matching=matching)
                app.register_blueprint(blueprint, url_prefix=mount.url_prefix or None)
        register_hooks(app, state)
        if config.jobs == "thread":
            from .cli.thread import start_with_first_request

            start_with_first_request(app)
        protect_from_flask_migrate(app)

    def _make_state(self, app: Flask, db: Any, config: W4RConfig, sections: tuple[Section, ...]) -> W4RState:
        from .capabilities import CAPABILITIES
        from .configured import secret_key, translation_directories
        from .keyring import Keyring, generate_key
        from .services.storage.unit_of_work import prepare_engine
        from .web.host import database_problem

        keys, index_key = config.encryption_keys, config.index_key
        if not keys or not index_key:
            # Debug and testing only (checked above): nothing sealed outlives the process.
            log.warning(
                "W4R_ENCRYPTION_KEYS or W4R_INDEX_KEY is missing: using temporary keys that are lost when this process ends"
            )
            keys, index_key = keys or (generate_key(),), index_key or generate_key()

        def engines(target: Flask) -> tuple[Engine, Engine]:
            missing = database_problem(target, config.bind_key, db)
            if missing is not None:
                raise W4RError(missing)
            with target.app_context():
                ours = db.engines[config.bind_key].execution_options()
            # What statements are given is sealed or hashed, and still nobody's business: not in a log, not in an error.
            ours.hide_parameters = True
            return prepare_engine(ours)

        return W4RState(
            config=config,
            sections={section.code: section for section in sections},
            mounts=_mounts(sections),
            keyring=Keyring(keys, index_key, config.index_keys_old),
            clock=self._clock,
            hooks=Hooks(**self._hooks, webhooks=config.webhooks, seam=self._seam or Seam(CAPABILITIES)),
            secret_key=secret_key(app),
            translation_directories=translation_directories(app),
            engine_source=engines,
        )

    def _prepare_late_parts(self, app: Flask, state: W4RState, db: Any) -> None:
        """What other extensions may still change is looked up at the first request."""
        from .antiabuse.captcha import make_provider
        from .antiabuse.limits import RateLimits
        from .antiabuse.weighing import weigh
        from .migrations import stop_waiting_for_flask_migrate
        from .web.csp import POLICIES, csp_header, tiles_csp
        from .web.host import find_limiter, host_problems, keep_host_limits_off

        def limits() -> Any:
            def make() -> Any:
                limiter = find_limiter(app, self._limiter)
                return RateLimits(limiter, state.config.rate_limits, state.keyring.sub_key("limits"))

            return state.once("rate_limits", make)

        def captcha() -> Any:
            return state.once("captcha_provider", lambda: make_provider(state.config, state.keyring))

        def unmet() -> list[str]:
            stop_waiting_for_flask_migrate(app)
            return host_problems(app, state, self._limiter, db)

        def mailer() -> Mailer:
            from .mailers import make_mailer  # smtplib and ssl: for a process that sends.

            made: Mailer = state.once("made_mailer", lambda: make_mailer(app, state.config, state.hooks))
            return made

        state.lazy["limits"] = limits
        state.lazy["captcha"] = captcha
        state.lazy["judge"] = partial(weigh, app)
        state.lazy["unmet"] = unmet
        state.lazy["keep_limits_off"] = partial(keep_host_limits_off, app, state, self._limiter)
        state.lazy["mailer"] = mailer

        def csp(framed: bool) -> str:
            def make() -> tuple[str, str]:
                strict = csp_header(captcha().csp(), tiles_csp(state.config.map_tiles))
                return POLICIES[state.config.csp](strict)

            texts: tuple[str, str] = state.once("csp_texts", make)
            return texts[framed]

        state.lazy["csp_header"] = csp

    def csp(self, section: Section | str, app: Flask | None = None) -> dict[str, list[str]]:
        """The Content-Security-Policy directives that our pages of a section need, to merge into the host's own.

        :param section: a section or its code.
        :param app: the app; default: the current one.
        """
        from flask import current_app

        from .web.csp import csp_directives, tiles_csp

        state = get_state(app or current_app)
        if isinstance(section, str):
            section = state.sections[section]
        return csp_directives(state.lazy["captcha"]().csp(), tiles_csp(state.config.map_tiles))


def _mounts(sections: tuple[Section, ...]) -> tuple[Mount, ...]:
    """Sections that share a prefix share a mount, and are told apart by host name."""
    prefixes: dict[str, dict[str | None, Section]] = {}
    for section in sections:
        host = section.host.lower() if section.host else None
        prefixes.setdefault(section.url_prefix, {})[host] = section
    return tuple(
        Mount(f"w4r_{next(iter(found.values())).code.lower()}", prefix, found) for prefix, found in prefixes.items()
    )


def _copy_tables(db: Any, bind_key: str | None) -> None:
    """Let the host's metadata know our tables, so that its string foreign keys and ``create_all`` find them."""
    from . import models

    if bind_key is None:
        metadata = db.metadata
    else:
        metadata = db.metadatas.get(bind_key)
        if metadata is None:
            metadata = db._make_metadata(bind_key)
    for table in models.metadata.sorted_tables:
        if table.name not in metadata.tables:
            copy = table.to_metadata(metadata)
            copy.info["bind_key"] = bind_key
