"""The one migration history, run by Alembic. `README.md` beside this file has its rules."""
