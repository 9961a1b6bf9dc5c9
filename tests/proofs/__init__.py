"""The promises, tested by machines rather than by examples. `docs/reliability.md` says which file holds which."""
