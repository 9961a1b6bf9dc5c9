"""The way out: everything of a server, a platform or a workspace into one archive."""
