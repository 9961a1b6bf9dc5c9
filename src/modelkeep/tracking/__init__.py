"""Experiments, runs and logged models; for now, where the registry asks what a version came from."""
