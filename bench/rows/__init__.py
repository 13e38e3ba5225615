"""One module a budget; each prints its rows."""
