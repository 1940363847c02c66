"""What exists: entities, errors, the description of tables, and the only source of time and chance."""
