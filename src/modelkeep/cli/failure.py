"""How a command fails."""


class CommandFailed(Exception):
    """The message is one line for the person who ran the command."""
