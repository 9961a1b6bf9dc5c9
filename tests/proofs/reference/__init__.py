"""What the server should answer, written a second time and as simply as can be: lists and dictionaries, one thread.

It shares no code with the server. Where the two disagree, one of them is wrong.
"""
