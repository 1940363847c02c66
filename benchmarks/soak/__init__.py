"""Four workers on PostgreSQL and Redis at half of what they can do, for as long as one likes."""
