"""Measurements of the budgets in docs: never a test. `make bench` runs every row and writes bench/RESULTS.md."""
