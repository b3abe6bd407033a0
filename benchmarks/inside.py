"""What is counted inside one process: migrations, the campaign, and the SQL statements of a warm page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sqlalchemy import event

from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign

from . import product, targets


def prepare(env: Mapping[str, str]) -> dict[str, Any]:
    """Migrate, make a campaign, and count the statements of a case page asked for a second time.

    :returns: ``page_sql`` and ``page_bytes``.
    """
    os.environ.update({key: value for key, value in env.items() if key.startswith("W4R_BENCH_")})
    app = product.create_app()
    done = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    if done.exit_code:
        raise RuntimeError(done.output)
    make_campaign(app, product.SLUGS)
    client = app.test_client()
    body = client.get(targets.CASE).data
    engine, _ = get_state(app).engines(app)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    warm = client.get(targets.CASE)
    if warm.status_code != 200 or warm.data != body:
        raise RuntimeError(f"the case page answered {warm.status_code}")
    counted = len(statements)
    engine.dispose()
    return {"page_sql": counted, "page_bytes": len(body)}
