"""What the system does, a package a capability. A service takes a session and a section, and never commits; no Flask here.

Packages import downwards in the order of ``capabilities.py`` only. What must be asked of all goes through ``seam``: see each
package's ``capability.py``.
"""
