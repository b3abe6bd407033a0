"""Our static files and templates: one blueprint an app, shared by its mounts."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import ASSETS, HOST_VALUE, static_digest

ASSETS_PATH = "/w4r-static"
#: A year, for addresses that name the content's digest.
LASTING = 31_536_000


class Assets(Blueprint):
    """Static files; those asked for by their digest may be kept for a year."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds that a file may be kept: long only under the digest of what it holds now."""
        version = request.args.get("v")
        if filename and version and version == static_digest(filename):
            return LASTING
        return super().get_send_file_max_age(filename)


def create_assets(*, host_matching: bool) -> Blueprint:
    """Make the blueprint.

    :param host_matching: the host's app matches host names in its URL map; the files are then under each.
    """
    package = __package__.rpartition(".")[0]
    assets = Assets(ASSETS, package, static_folder="static", static_url_path=ASSETS_PATH, template_folder="templates")
    if not host_matching:
        return assets
    files = Assets(ASSETS, package, template_folder="templates")

    def static(filename: str, **values: str) -> Response:
        return assets.send_static_file(filename)

    files.add_url_rule(f"{ASSETS_PATH}/<path:filename>", "static", static, host=f"<{HOST_VALUE}>")
    return files
