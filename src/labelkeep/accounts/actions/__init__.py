"""The verbs of accounts, one a file. Keyword arguments only; first the actor, who is asked about inside."""
