"""The product beside its floors: a bare Flask app that does the least one could do. ``python -m benchmarks``."""
