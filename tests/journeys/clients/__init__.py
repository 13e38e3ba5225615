"""Scripts that run inside the environments of the stock clients; they import nothing of ours."""
