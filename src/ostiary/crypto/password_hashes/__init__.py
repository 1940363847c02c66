"""The formats in which passwords are stored, one module each."""
