"""Verbs: one a file, keyword-only, the actor first. Each decides whether the actor may; a transaction is short."""
