"""The library with the lowest versions that it declares, and on the newest Python that it names with the newest."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.versions.environments import EXTRAS, PROJECT, ROOT, WANTED, Unavailable, environment

pytestmark = pytest.mark.slow
LIST = "import importlib.metadata as m, json; print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"


def python(name: str) -> Path:
    """The Python of an environment, or skip, saying why it cannot be had."""
    try:
        return environment(name)
    except Unavailable as error:
        pytest.skip(f"the {name} versions cannot be tried here: {error}")


def run(*command: str | Path) -> str:
    """Run it in the project, away from what this process was told; it must succeed."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("W4R_", "PYTHON"))}
    result = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return result.stdout


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_the_lowest_versions(database: str) -> None:
    assert run(python("lowest"), "-m", "tests.versions.journey", database) == "walked\n"


def test_the_newest_versions_on_the_newest_python(database: str) -> None:
    newest = python("newest")
    assert PROJECT["classifiers"][-2] == f"Programming Language :: Python :: {WANTED['newest'].python}"
    assert run(newest, "-m", "tests.versions.journey", database) == "walked\n"


def test_what_is_declared_as_lowest_can_be_had() -> None:
    """A bound below what another dependency lets in is a promise that nothing keeps."""
    have = json.loads(run(python("lowest"), "-c", LIST))
    extras = [text for extra in EXTRAS for text in PROJECT["optional-dependencies"][extra]]
    wrong = []
    for text in (*PROJECT["dependencies"], *extras):
        wanted = Requirement(text)
        (lowest,) = (Version(one.version) for one in wanted.specifier if one.operator == ">=")
        found = Version(have[wanted.name.lower()])
        if found != lowest:
            wrong.append(f"{wanted.name}: {lowest} is declared, {found} is the lowest that can be had")
    assert not wrong
