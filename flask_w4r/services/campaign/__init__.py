"""Editions and cases as pages and desk show them: texts by field and language, status, results, what is shown before it runs.

``catalogue`` reads them through a ``views.Lens`` (whose section, which language, when); ``status`` and ``texts`` change them.
"""
