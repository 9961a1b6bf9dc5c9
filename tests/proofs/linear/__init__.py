"""A linearizability checker and what it checks: models with their versions, aliases, stages and tags."""
