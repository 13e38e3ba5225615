"""Annotations as values: tags, shapes and tracks, and the documents that hold them.

May import: configuration, findings, errors, clock. No Django, no I/O: whoever calls hands over functions that fetch and
keep documents by name. Start at model.py (the objects), then document.py (index and parts).
"""
