"""modelkeep: one server for a team's machine-learning work, above all the registry of its models."""

__version__ = "0.1.0"
