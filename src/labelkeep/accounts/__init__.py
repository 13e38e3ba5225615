"""Accounts: users, organizations, memberships, tokens, and what each may do.

May import: the rooms below the Django line. Start at permissions.py (one table) and actor.py (who is asking).
"""
