"""The pages of people: users with their tokens and keys, groups and roles."""
