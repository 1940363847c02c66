"""The providers that are known, each declared in a file of its own."""
