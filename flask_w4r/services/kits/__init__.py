"""Case kits: what a section receives from the centre, imports and adapts. Read whole, judged whole, merged field by field.

Others call :func:`read_kit`, :func:`import_kit`, :func:`export_kit` and :func:`resolve_kit`.
"""

from .exporter import export_kit
from .importer import import_kit
from .merge import Conflict, KitReport
from .model import Kit, KitCase, KitStory, KitTotal
from .reader import read_kit
from .shipped import resolve_kit, shipped_kits

__all__ = [
    "Conflict", "Kit", "KitCase", "KitReport", "KitStory", "KitTotal", "export_kit", "import_kit", "read_kit",
    "resolve_kit", "shipped_kits",
]  # fmt: skip
