"""Accept: the archive of a project or task becomes a manifest, with its documents and blobs in the live store.

Two passes. The first reads everything and judges it, writing only into a temporary folder; every problem is a finding,
and one error refuses the archive. The second brings what is missing into the store. Start at accept.py.
"""
