"""The pages of experiments, runs, their artifacts and logged models."""
