"""Bytes: what runs and models leave behind, on the local disk or in a cloud's object store."""
