"""The HTTP face: composition root, dispatch, authentication, retry tokens, limits, OpenAPI."""
