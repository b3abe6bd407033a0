"""Every command, found by walking the group: whatever is missing or typed, it ends with words and a status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.cli import w4r_group
from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign, sign
from tests.conftest import Host, every_database
from tests.embedding.conftest import MakeSite, production, settings

#: What a parameter of that name may be, whichever command has it; of others, what their type takes.
USUAL = {
    "path": "2024",
    "address": "sam@example.org",
    "revision": "head",
    "slug": "ann-example",
    "year": "2024",
    "cases": "ann-example",
    "key_id": "0" * 32,
    "public_key": "vlwrxdDsrSX7lbtPYu5YP73fjWt8JLv2Pj0zZ3fLCQQ",
}
GARBAGE = (
    "", " ", "-", "-1", "0", "9" * 40, "1e999", "NaN", "٤", "x" * 5000, "../..", "/dev/null", ".", "%s%n{}", "a\nb",
    "'; DROP TABLE w4r_case; --", "\N{PILE OF POO}", "\udcff", "\0", "<script>", "2026-13-40", "sam@", "AU",
)  # fmt: skip


def walk(group: click.Group = w4r_group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command with its path."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from walk(found, (*path, name))
        else:
            yield (*path, name), found


COMMANDS = dict(walk())
#: They need neither keys nor a database, and are told nonsense.
NEEDS_NOTHING = {("section", "new"), ("rollup", "keys", "sign")}
#: A site without the setting that they are about is told so first.
LACKS_A_SETTING = {
    ("webhooks", "ping"), ("tally", "sign"), ("feed", "sign"), ("feed", "pull"), ("rollup", "keys", "import"),
    ("rollup", "serve"),
}  # fmt: skip


def usual(parameter: click.Parameter) -> str:
    """A value that the parameter takes."""
    if parameter.name == "kind":
        return "signatures"
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return str(next(iter(kind.choices)))
    if isinstance(kind, click.DateTime):
        return "2026-01-01"
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return "1"
    return USUAL.get(parameter.name or "", "x")


def arguments(command: click.Command, given: dict[str, str] | None = None) -> list[str]:
    """A command's arguments: those it needs, where to write, and those given. It is told not to wait and not to ask."""
    given = given or {}
    options, rest = [], []
    for parameter in command.params:
        name = parameter.name or ""
        if isinstance(parameter, click.Option) and parameter.is_flag:
            if name in ("once", "yes", "dry_run"):
                options.append(parameter.opts[-1])
        elif (
            name in given or name == "out" or parameter.required or parameter.nargs == -1
            or getattr(parameter, "multiple", False)
        ):  # fmt: skip
            value = given.get(name, usual(parameter))
            if isinstance(parameter, click.Option):
                options += [parameter.opts[-1], value]
            else:
                rest.append(value)
    return [*options, "--", *rest]


def call(app: Flask, path: tuple[str, ...], arguments: list[str], *, line: bool = True) -> Result:
    """Run it, and look that it ended in words."""
    result = app.test_cli_runner().invoke(args=["w4r", *path, *arguments])
    in_words(path, result, line=line)
    return result


def in_words(path: tuple[str, ...], result: Result, *, line: bool = True) -> None:
    """
    :param line: what is wrong is one thing, so it is told in one line.
    """
    what = (*path, repr(result.exception), result.output[-500:])
    assert result.exception is None or isinstance(result.exception, SystemExit), what
    assert result.exit_code in (0, 1, 2), what
    assert "Traceback" not in result.output, what
    if result.exit_code:
        assert result.stdout or result.stderr, what
        assert sum("Error: " in line for line in result.stderr.splitlines()) <= 1, what
    if line and result.exit_code == 1 and not result.stdout:
        assert result.stderr.count("\n") == 1, what


pytestmark = pytest.mark.usefixtures("quick_passphrases")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that commands write are written to nowhere in particular."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_the_walk_meets_them() -> None:
    assert {("keygen",), ("mail", "status"), ("db", "check"), ("tally", "recount"), ("kit", "import")} <= set(COMMANDS)


@every_database
def test_without_tables(make_site: MakeSite) -> None:
    app = make_site(upgrade=False).app
    told = set()
    for path, command in COMMANDS.items():
        result = call(app, path, arguments(command))
        if "flask w4r db upgrade" in result.output:
            told.add(path)
        if path[0] == "db":  # Which may have made them.
            app.test_cli_runner().invoke(args=["w4r", "db", "downgrade", "base", "--yes"])
    assert {("mail", "status"), ("tally", "recount"), ("kit", "import"), ("keys", "rotate"), ("db", "check")} <= told


def test_without_keys() -> None:
    """A site in production cannot start; that is said, with the mend."""

    def create() -> Flask:
        app = Flask("site")
        app.config.update(settings("sqlite://", **production(encryption_keys=[], index_key="")))
        W4R(app, SQLAlchemy(app))
        return app

    free = set()
    for path, command in COMMANDS.items():
        result = CliRunner().invoke(
            w4r_group,
            [*path, *arguments(command)],
            obj=ScriptInfo(create_app=lambda info=None: create()),
        )
        in_words(path, result)
        if result.exit_code == 0:
            free.add(path)
        elif path not in NEEDS_NOTHING:
            assert result.exit_code == 1, path
            assert "W4R_ENCRYPTION_KEYS: missing; create a key with 'flask w4r keygen'" in result.stderr
    assert free == {("keygen",), ("kit", "validate"), ("webhooks", "secret")}


def test_with_other_keys_than_the_rows_were_sealed_with(make_site: MakeSite) -> None:
    """As a developer who forgot them has: keys that end with the process."""
    host = make_site()
    make_campaign(host.app)
    sign(host.app.test_client(), "/au", "ann-example")
    host.rows("SELECT 1")
    other = make_site(encryption_keys=[], index_key="")
    for path, command in COMMANDS.items():
        if path[0] != "db":
            call(other.app, path, arguments(command))
    result = call(other.app, ("keys", "rotate"), [])
    assert result.exit_code == 1
    assert "W4R_ENCRYPTION_KEYS" in result.stderr


def test_a_key_that_was_dropped_too_early(make_site: MakeSite) -> None:
    host = make_site()
    make_campaign(host.app)
    sign(host.app.test_client(), "/au", "ann-example")
    host.rows("SELECT 1")
    result = call(make_site(encryption_keys=[generate_key()]).app, ("keys", "rotate"), [])
    assert result.exit_code == 1
    assert "are opened by no key and stay as they are" in result.stdout


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_database_that_is_away(make_site: MakeSite, database: str, tmp_path: Path) -> None:
    start, server, rest = database.partition("127.0.0.1")
    uri = f"{start}{server}:1{rest}" if server else f"sqlite:///{tmp_path / 'no' / 'folder.sqlite3'}"
    app = make_site(uri, upgrade=False).app
    free = set()
    for path, command in COMMANDS.items():
        result = call(app, path, arguments(command))
        if result.exit_code == 0:
            free.add(path)
        elif path not in {("doctor",), *NEEDS_NOTHING, *LACKS_A_SETTING}:
            assert "the database refused: " in result.stderr, path
    assert free == {
        ("keygen",),
        ("kit", "validate"),
        ("webhooks", "secret"),
        ("webhooks", "status"),
        ("privacy", "record"),
        ("privacy", "notice"),
    }


@pytest.mark.parametrize("config", [{"bind_key": "elsewhere", "late_db": True}, {"SQLALCHEMY_DATABASE_URI": None}])
def test_a_database_that_was_never_named(make_site: MakeSite, config: dict[str, Any]) -> None:
    if "SQLALCHEMY_DATABASE_URI" in config:
        app = Flask("site")
        app.config.update(settings("sqlite://"))
        W4R(app, SQLAlchemy())
    else:
        app = make_site(upgrade=False, **config).app
    for path, command in COMMANDS.items():
        call(app, path, arguments(command))


def test_an_app_without_the_library() -> None:
    for path, command in COMMANDS.items():
        result = CliRunner().invoke(
            w4r_group, [*path, *arguments(command)],
            obj=ScriptInfo(create_app=lambda info=None: Flask("other")),
        )  # fmt: skip
        in_words(path, result)


@pytest.fixture
def full(make_site: MakeSite) -> Host:
    host = make_site()
    make_campaign(host.app)
    return host


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_garbage(full: Host, database: str) -> None:
    tried = 0
    for path, command in COMMANDS.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.is_flag:
                continue
            for word in GARBAGE:
                result = call(full.app, path, arguments(command, {parameter.name or "": word}), line=False)
                if isinstance(parameter.type, click.types.FloatParamType | click.types.IntParamType):
                    fine = {0, 1} if path in {*NEEDS_NOTHING, *LACKS_A_SETTING, ("rollup", "accept")} else {0}
                    wanted = fine if word == "٤" else {2}
                    assert result.exit_code in wanted, ("a number has bounds", path, word)
                tried += 1
        call(full.app, path, [*GARBAGE], line=False)
        call(full.app, path, ["--no-such-option"])
    assert tried > len(COMMANDS) * 10


def test_nothing_or_nonsense_in_place_of_a_command(full: Host) -> None:
    groups = {path[:length] for path in COMMANDS for length in range(len(path))}
    for path in groups:
        for word in GARBAGE:
            result = full.app.test_cli_runner().invoke(args=["w4r", *path, word])
            in_words((*path, word), result)
