"""Statements compiled once and sent as text (PostgreSQL).

Working out the cache key of a statement, and what SQLAlchemy does around sending it, can cost more than the database
takes for the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Dialect


class Prepared(NamedTuple):
    """A statement as the driver takes it, what makes a driver's value of a parameter, and those always the same."""

    sql: str
    convert: dict[str, Callable[[Any], Any]]
    constants: dict[str, Any]

    def fill(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the driver takes them.

        :param values: those that are not always the same, and maybe others.
        """
        # The driver looks up those that it wants.
        parameters = {**self.constants, **values}
        for name, convert in self.convert.items():
            parameters[name] = convert(values[name])
        return parameters


def is_known(dialect: Dialect) -> bool:
    """Whether statements can be sent so: a driver of PostgreSQL that takes parameters by name."""
    return dialect.name == "postgresql" and dialect.paramstyle == "pyformat"


def prepare(statement: Any, dialect: Dialect) -> Prepared:
    """Compile a statement. Parameters without a value have to be given each time.

    The rows will be what the driver makes of them: select only columns whose type leaves them so.
    """
    compiled = statement.compile(dialect=dialect)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    converters = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items() if bind.required
    }
    return Prepared(
        str(compiled),
        {name: convert for name, convert in converters.items() if convert is not None},
        {name: bind.value for name, bind in binds.items() if not bind.required},
    )
