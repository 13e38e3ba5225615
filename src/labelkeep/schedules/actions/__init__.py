"""Verbs of schedules, one a file."""
