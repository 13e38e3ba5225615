"""Reads: rows as plain values for the fronts, and what permissions need to know of each object. Nothing is changed."""
