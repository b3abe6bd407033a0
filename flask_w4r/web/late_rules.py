"""Rules that write no URL until one is asked for: compiling how is nearly all that a rule costs at the start.

A site with many sections has thousands of rules, most of which only ever match, if that.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """A rule that compiles how it writes URLs with the first one. It matches as any other from the beginning."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        # Werkzeug's own name. Were it called otherwise there, rules would compile at once, and work as well.
        return _with_unknown if append_unknown else _without_unknown

    def compiled(self, append_unknown: bool) -> Builder:
        """How it writes URLs, compiled by now.

        :param append_unknown: values that the rule does not know become its query.
        """
        kept: dict[bool, Builder] = self.__dict__.setdefault("_w4r_builders", {})
        if append_unknown not in kept:
            kept[append_unknown] = super()._compile_builder(append_unknown)
        return kept[append_unknown]


# Two for all rules: functions of each rule's own would be thousands for the collector to walk. Positional only, as in
# Werkzeug's: a value may have any name.
def _with_unknown(rule: LateRule, /, **values: Any) -> tuple[str, str]:
    return rule.compiled(True)(rule, **values)


def _without_unknown(rule: LateRule, /, **values: Any) -> tuple[str, str]:
    return rule.compiled(False)(rule, **values)


@contextmanager
def late_rules(app: Flask) -> Iterator[None]:
    """What is registered on the app within the block gets rules of this kind, which are also of the host's own kind.

    :param app: the host's app; rules added before or after are the host's as they were.
    """
    own = app.url_rule_class
    # Rules stay as long as the app does. Walking them over and over while they come is all the collector would do,
    # and takes longer than making them.
    collects = gc.isenabled()
    gc.disable()
    kind: Any = LateRule if own is Rule else type("LateRule", (LateRule, own), {})
    app.url_rule_class = kind
    try:
        yield
    finally:
        app.url_rule_class = own
        if collects:
            gc.enable()
