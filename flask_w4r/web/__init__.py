"""What the pages of all capabilities share: the request at hand, templates, answers, the way of a form, the desk's frame.

``from ..web import here`` tells a view which mount, section and language it is for.
"""

from .request import (
    ASSETS,
    HOST_VALUE,
    LOCALE_VALUE,
    Here,
    base_url,
    enter,
    here,
    leave,
    purge_url,
    section_adapter,
    section_url,
    static_digest,
    static_url,
)

__all__ = [
    "ASSETS", "HOST_VALUE", "LOCALE_VALUE", "Here", "base_url", "enter", "here", "leave", "purge_url",
    "section_adapter", "section_url", "static_digest", "static_url",
]  # fmt: skip
