"""`nox -s bench`: latency and memory of SCNet and of what it is compared with."""
