"""Counts of a platform's registry, as Oracle's console shows them for a schema of a catalog."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import missing_parameter
from modelkeep.core.fields import check_length
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.sight import Sight
from modelkeep.registry.visible import MODELS, VERSIONS, look, seen_here
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, registered_models
from modelkeep.storage.transaction import Transaction

_m, _v = registered_models.c, model_versions.c
# Names from "catalog.schema." to "catalog.schema/": '/' follows '.', so these are all with that prefix.
_IN_SCHEMA = (_m.name >= sa.bindparam("first"), _m.name < sa.bindparam("beyond"))
_MODELS = {
    sight: Query(
        sa.select(sa.func.count()).where(*seen_here(MODELS, registered_models, sight), *_IN_SCHEMA, _m.is_prompt == 0)
    )
    for sight in Sight
}
_VERSIONS = {
    sight: Query(
        sa.select(sa.func.count())
        .join_from(registered_models, model_versions, _v.model_id == _m.id)
        .where(
            _m.platform_id == sa.bindparam("platform"),
            *seen_here(VERSIONS, model_versions, sight, found=True),
            *_IN_SCHEMA,
            _v.is_prompt == 0,
        )
    )
    for sight in Sight
}


class SchemaOfCatalog(msgspec.Struct):
    """Models are counted whose names begin with `catalog.schema.`."""

    catalog: str
    schema: str


class RegisteredModelSummary(msgspec.Struct):
    """Counts. Nothing is deployed by this server."""

    registered_models_count: int
    model_versions_count: int
    model_deployments_count: int = 0
    active_deployment_count: int = 0


@operation("registered-models/summary", needs=Permission.READ, on=VISIBLE, scans=True)
def get_registered_model_summary(tx: Transaction, scope: Scope, request: SchemaOfCatalog) -> RegisteredModelSummary:
    """Count the models and versions of a schema that the caller may see."""
    for field in ("catalog", "schema"):
        value = getattr(request, field)
        if not value:
            raise missing_parameter(field)
        check_length(field, value, scope.limits.name_length)
    prefix = f"{request.catalog}.{request.schema}"
    bounds = {"platform": scope.platform, "first": f"{prefix}.", "beyond": f"{prefix}/"}
    counts = []
    for seen, queries in ((MODELS, _MODELS), (VERSIONS, _VERSIONS)):
        sight, seeing = look(seen, tx, scope)
        counted = tx.one(queries[sight], **bounds, **seeing)
        counts.append(counted[0] if counted else 0)
    return RegisteredModelSummary(*counts)
