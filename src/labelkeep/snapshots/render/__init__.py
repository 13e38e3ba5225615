"""Render: a manifest as a CVAT archive that a stock CVAT restores (spec/cvat-backup-format.md §13), any range of it.

Start at archive.py. cvat.py says what the JSON members hold, rendered.py how those that can be large are made in
pieces, tasks.py and archive.py which entries there are, extra.py what our own member adds.
"""
