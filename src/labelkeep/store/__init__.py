"""Store: content-addressed blobs, documents and manifests over a directory or a bucket (docs/design/store.md).

May import: annotations and below; no Django. Start at docs/design/store.md, then store.py.
"""
