"""How it is spoken to: declarations, the one pipeline, the wire."""
