"""Where in a path the tenant's part ends and the API's begins."""

_MLOPS = "/mlops/"


def split_tenant(path: str) -> tuple[str, str, str]:
    """What stands before `/mlops/`, that, and what stands behind it. A workspace may be called `mlops` itself."""
    tenant, mlops, tail = path.partition(_MLOPS)
    if tenant.endswith("/workspaces") and f"/{tail}".startswith(_MLOPS):
        return tenant + _MLOPS.rstrip("/"), mlops, tail.removeprefix(_MLOPS[1:])
    return tenant, mlops, tail
