"""What it does: use cases, free of HTTP and SQL."""
