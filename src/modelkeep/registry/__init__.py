"""Registered models, model versions, aliases, platforms and workspaces: one file a resource."""
