"""For those who work on the library: ``python -m flask_w4r.migrations "what changes"`` writes the next revision.

It compares the models with what the revisions so far make of an empty SQLite database. Read what it wrote: data is
moved by hand, and a CHECK that changed is not seen by Alembic (the tests see it).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from alembic.operations import ops
from sqlalchemy import LargeBinary, String, Text, create_engine
from sqlalchemy.pool import NullPool

from ..models import metadata
from ..models.types import BlindIndex, EncryptedText, Id, LongText, UTCDateTime
from ..services.storage import compare as schema_compare
from ..services.storage import schema


def render_type(kind: str, item: Any, _context: Any) -> str | bool:
    """Write a model's column type as a plain one, so that a revision stays what it is when the models change."""
    if kind != "type":
        return False
    if isinstance(item, BlindIndex):
        return "DIGEST"
    if isinstance(item, UTCDateTime):
        return "MOMENT"
    if isinstance(item, EncryptedText):
        return "sa.Text()"
    variants = getattr(item, "_variant_mapping", {})
    if not variants:
        return False
    if repr(item) == repr(Id) and "sqlite" in variants:
        return "ID"
    if isinstance(item, Text) and repr(variants["mysql"]) == repr(LongText._variant_mapping["mysql"]):
        return "LONG_TEXT"
    if isinstance(item, LargeBinary) and repr(variants["mysql"]) == "LONGBLOB()":
        return "LONG_BYTES"
    if isinstance(item, String) and getattr(variants["mysql"], "collation", None) == "utf8mb4_bin":
        return f"exact_text({item.length})"
    raise NotImplementedError(f"say here, and in migrations/columns.py, how {item!r} with {variants!r} is written")


def write_revision(message: str) -> Path:
    """Write the next revision from what differs between the models and the revisions so far.

    :param message: a few words; they become the file's name and docstring.
    :returns: the new file.
    """
    creates: list[str] = []

    def shape(_context: Any, _revision: Any, directives: list[ops.MigrationScript]) -> None:
        script = directives[0]
        if script.upgrade_ops is not None and script.downgrade_ops is not None:
            creates.extend(op.table_name for op in script.upgrade_ops.ops if isinstance(op, ops.CreateTableOp))
            script.upgrade_ops.ops = list(_flat(script.upgrade_ops.ops, creates, ops.CreateIndexOp))
            script.downgrade_ops.ops = list(_flat(script.downgrade_ops.ops, creates, None))

    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/models.db", poolclass=NullPool)
        # Not how many there are: a number may have been left out.
        number = int(max(schema.revisions(), default="0"))
        if number:
            schema.upgrade(engine)
        with engine.connect() as connection:
            config = schema.alembic_config(connection)
            config.attributes["options"] |= {
                **schema_compare.options(),
                "target_metadata": metadata,
                "render_item": render_type,
                "render_as_batch": True,
                "process_revision_directives": shape,
            }
            config.attributes["creates"] = lambda: _tuple(creates)
            config.attributes["quote"] = lambda value: "None" if value is None else json.dumps(value)
            config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
            script = command.revision(config, message, autogenerate=True, rev_id=f"{number + 1:04}")
    path = Path(script.path)  # type: ignore[union-attr]
    path.write_text(_tidy(path.read_text(), creates))
    return path


def _flat(found: Iterable[Any], creates: list[str], keep: type | None) -> Iterator[Any]:
    """Indexes of new tables without a batch around them; on the way back they go with their table.

    MariaDB refuses to drop an index that a foreign key leans on.
    """
    for item in found:
        if isinstance(item, ops.ModifyTableOps) and item.table_name in creates:
            yield from (op for op in item.ops if keep is not None and isinstance(op, keep))
        else:
            yield item


def _tuple(names: list[str]) -> str:
    inner = "".join(f"    {json.dumps(name)},\n" for name in names)
    return f"(\n{inner})" if names else "()"


def _tidy(text: str, creates: list[str]) -> str:
    text = re.sub(r"^ *# (###|end).*\n", "", text, flags=re.MULTILINE).rstrip() + "\n"
    drops = "".join(f'    op.drop_table("{name}")\n' for name in reversed(creates))
    quoted = text.replace("'", '"')
    if len(creates) > 3 and quoted.endswith(drops):
        text = text[: -len(drops)] + "    for table in reversed(creates):\n        op.drop_table(table)\n"
    head, _, rest = text.partition("\n\n\n")
    imported = re.search(r"from flask_w4r\.migrations\.columns import (.*)\n", head)
    assert imported is not None
    used = [name for name in imported[1].split(", ") if re.search(rf"\b{name}\b", rest)]
    line = f"from flask_w4r.migrations.columns import {', '.join(used)}\n" if used else ""
    return text.replace(imported[0], line)


if __name__ == "__main__":
    print(write_revision(" ".join(sys.argv[1:]) or "change"))
