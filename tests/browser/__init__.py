"""The back end of the browser's tests: the example on PostgreSQL, with a clock that can be moved."""
