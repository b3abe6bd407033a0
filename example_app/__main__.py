"""``python -m example_app``: the demonstration."""

from __future__ import annotations

from .demo import main

main()
