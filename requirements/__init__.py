"""What the project is built from: the pinned versions, their hashes, and the tools that read them."""
