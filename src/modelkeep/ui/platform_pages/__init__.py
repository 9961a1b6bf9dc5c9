"""The pages of platforms, workspaces and the server."""
