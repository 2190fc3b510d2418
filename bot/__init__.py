"""Thinkchild: deterministic, sourced guidance for people who work with children in England."""

__version__ = "0.1.0"
