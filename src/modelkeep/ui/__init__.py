"""The web pages: they call operations as their caller, and have no SQL and no rules of their own."""
