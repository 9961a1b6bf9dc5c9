"""Faults that are put under a server: files that fail, a disk that is full, a bucket that misbehaves."""
