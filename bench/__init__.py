"""Measures modelkeep beside a server that stores nothing and beside MLflow, in one run: `python -m bench`."""
