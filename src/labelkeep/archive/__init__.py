"""Archive: CVAT's backup zip, read and written (docs/design/archive.md).

May import: store, annotations and below. Start at cvat.py (the JSON documents), safety.py (what a name may be),
reader.py and layout.py (the zip itself).
"""
