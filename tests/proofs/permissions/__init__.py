"""Permissions as a second server has them, written from docs/permissions.md alone, and random changes of them."""
