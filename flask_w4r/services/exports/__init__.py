"""Files that staff take away, from the seam: who may, why, how they are written, and who they are sealed for.

``take`` asks an export for its rows a piece at a time and logs that somebody took it, ``writers`` and ``sheets`` write CSV,
JSON lines and spreadsheets in constant memory, ``sealing`` encrypts for those who may read. It knows no export: each capability
brings its own in ``capability.py``.
"""
