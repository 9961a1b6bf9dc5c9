"""The way in from an existing MLflow: sources, and what writes them into a workspace."""
