"""Media: bytes on their way in (uploads, ingest) and on their way out (frames, chunks, previews).

May import: operations and below. Start at documents.py (sources and frames) and vault.py (the live store).
"""
