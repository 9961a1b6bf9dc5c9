"""Where the processor time of a request goes: the application in this process, without HTTP, and the floors below."""
