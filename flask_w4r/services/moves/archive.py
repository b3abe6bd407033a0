"""The archive's inside: a compressed tar of JSON lines, each member with its checksum in a manifest that comes last.

``header.json`` first; ``tables/<table>/<number>.jsonl``, rows as arrays in the header's order of columns; ``pictures/`` as files;
``ledger.jsonl``, the erasures; ``manifest.json`` last: ``{"members": {name: {"bytes", "rows", "sha256"}}, "tables": {name: rows}}``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

from .codec import Damaged

FORMAT = 1
HEADER, MANIFEST, LEDGER = "header.json", "manifest.json", "ledger.jsonl"
#: Rows in one member: they are in memory together.
ROWS = 2000
#: The same, of pictures.
PICTURES = 20
#: The largest member that is read. A picture or two thousand rows are far smaller.
_LARGEST = 256 << 20
_NAME = re.compile(r"header\.json|manifest\.json|ledger\.jsonl|tables/(\w+)/\d{6}\.jsonl|pictures/\d+-\d+\.\w{1,5}")


class Writer:
    """Puts members into an archive.

    :param stream: what takes the bytes.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        # What is sealed hardly shrinks: the quickest level does.
        self._packed = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1, mtime=0)
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, data: bytes, *, rows: int = 0) -> None:
        """Add a member."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        self._tar.addfile(info, io.BytesIO(data))
        self.members[name] = {"bytes": len(data), "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}

    def close(self, tables: Mapping[str, int]) -> None:
        """Add the manifest, and end the archive.

        :param tables: rows by table.
        """
        self.add(MANIFEST, packed({"members": dict(self.members), "tables": dict(tables)}))
        self._tar.close()
        self._packed.close()


def packed(value: Any) -> bytes:
    """A JSON value as it stands in an archive."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def unpacked(data: bytes, name: str) -> dict[str, Any]:
    """A JSON object of an archive.

    :raises Damaged: it is none.
    """
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Damaged(f"the archive's {name} cannot be read") from error
    if not isinstance(value, dict):
        raise Damaged(f"the archive's {name} cannot be read")
    return value


def members(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """The members in their order, the manifest left out, which is compared with them at the end.

    :raises Damaged: something is missing, was changed, or does not belong there.
    """
    seen: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(fileobj=gzip.GzipFile(fileobj=stream, mode="rb"), mode="r|") as tar:
            for info in tar:
                file = tar.extractfile(info) if info.isreg() and info.size <= _LARGEST else None
                if file is None or not _NAME.fullmatch(info.name) or info.name in seen or manifest is not None:
                    raise Damaged(f"the archive has a member that does not belong there: {info.name[:80]!r}")
                data = file.read()
                if info.name == MANIFEST:
                    manifest = unpacked(data, MANIFEST)
                    continue
                seen[info.name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                yield info.name, data
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise Damaged("the archive cannot be read: it was cut short, or is none") from error
    # What follows the end is padding; a stream that was changed says so only once all of it was read.
    while stream.read(1 << 16):
        pass
    told = (manifest or {}).get("members", {})
    if not isinstance(told, dict) or set(told) != set(seen):
        raise Damaged("the archive does not hold what its manifest says: members are missing, or there are more")
    for name, facts in seen.items():
        if not isinstance(told[name], dict) or any(told[name].get(key) != value for key, value in facts.items()):
            raise Damaged(f"the archive's {name} does not fit its checksum")


def table_of(name: str) -> str | None:
    """The table that a member holds rows of."""
    found = _NAME.fullmatch(name)
    return found.group(1) if found else None
