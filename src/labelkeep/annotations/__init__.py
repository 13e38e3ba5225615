"""Annotations as values: tags, shapes and tracks, and the documents that hold them.

May import: configuration, findings, errors, clock. No Django; files only as temporary spools. Whoever calls hands over
functions that fetch and keep documents by name. Start at model.py (the objects), then document.py (index and parts);
stream.py splits JSON as it arrives, wire.py speaks the REST API's form, tracks.py and overlap.py know how jobs make a
task.
"""
