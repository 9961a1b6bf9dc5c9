"""Harnesses for coverage-guided fuzzing. They are no part of the suite: each runs as long as it is told to."""
