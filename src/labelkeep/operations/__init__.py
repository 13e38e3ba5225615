"""Operations: durable background work with progress and cancellation. The row is the truth; engines move it along.

May import: accounts and below. Start at registry.py (what can be run) and work.py (what a handler is given).
"""
