"""Whole sections move, and leave."""
