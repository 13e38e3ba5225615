"""Snapshots, the heart: capture, render, accept, restore.

May import: projects and below. Start at manifest.py (what a backup is), then capture.py and restore.py.
"""
