"""What the server costs, against the reference on Node in the same minutes. Run as `python -m benchmarks`."""
