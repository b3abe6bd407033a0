"""Write for Rights for Flask: case pages, petitions, and a desk that a national section mounts into its own site."""

from __future__ import annotations

from . import signals
from .errors import ConfigurationError
from .extension import W4R
from .sections import Section
from .state import Actor, Permission

__version__ = "0.1.0"
__all__ = ["W4R", "Actor", "ConfigurationError", "Permission", "Section", "signals"]
