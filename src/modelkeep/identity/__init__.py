"""Users, groups and roles, what they prove themselves by, and who a credential says is calling."""
