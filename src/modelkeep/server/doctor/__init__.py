"""`modelkeep doctor`: looks at everything that a server stands on, and says what to do. One file a part of it."""
