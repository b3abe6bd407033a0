"""Commands that are killed before each of their statements, and run again until one comes through."""

from __future__ import annotations

import gc
import os
import signal
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.state import get_state


def make_app(config: Mapping[str, Any]) -> Flask:
    """The site in a process of its own; nothing is connected yet."""
    app = Flask("dying")
    app.config.update(config)
    W4R(app, SQLAlchemy(app))
    return app


def kill_one_by_one(config: Mapping[str, Any], words: Sequence[str], looks: Sequence[str]) -> None:
    """Run a command: the first dies before its first statement or commit, the second before its second...

    What one did stays for the next. Prints how many died, and ends when one came through.

    :param looks: a command that changes nothing. It is run first, so that not each of those that die compiles its
        statements anew.
    """
    app = make_app(config)
    assert app.test_cli_runner().invoke(args=list(looks)).exit_code == 0
    with app.app_context():
        for engine in set(get_state(app).engines(app)):
            engine.pool.dispose()
    gc.freeze()
    for number in range(1, 500):
        child = os.fork()
        if child == 0:
            _run_and_die(app, words, number)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            continue
        assert os.WEXITSTATUS(status) == 0
        print(number - 1)
        return
    raise AssertionError("it never ends")


def _run_and_die(app: Flask, words: Sequence[str], statement: int) -> None:
    seen = 0

    def strike(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with app.app_context():
            engines = set(get_state(app).engines(app))
        for engine in engines:
            event.listen(engine, "before_cursor_execute", strike)
            event.listen(engine, "commit", strike)
        result = app.test_cli_runner().invoke(args=list(words))
        if result.exit_code:
            print(result.output, result.exception, flush=True)
            traceback.print_exception(result.exception)
        os._exit(result.exit_code)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def die_at(config: Mapping[str, Any], words: Sequence[str], statement: int) -> None:
    """Run a command, and die before a statement or commit."""
    _run_and_die(make_app(config), words, statement)
