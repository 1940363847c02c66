"""A task list where everybody sees their own: FastAPI, SQLAlchemy and Ostiary on one database."""
