"""Counts of a platform's registry, as Oracle's console shows them for a schema of a catalog."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import missing_parameter
from modelkeep.core.fields import check_length
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, registered_models
from modelkeep.storage.transaction import Transaction


def _of_schema(table: sa.Table) -> Query:
    """Names from "catalog.schema." to "catalog.schema/": '/' follows '.', so these are all with that prefix."""
    return Query(
        sa.select(sa.func.count()).where(
            table.c.platform_id == sa.bindparam("platform"),
            table.c.name >= sa.bindparam("first"),
            table.c.name < sa.bindparam("beyond"),
            table.c.is_prompt == 0,
        )
    )


_COUNT_MODELS, _COUNT_VERSIONS = _of_schema(registered_models), _of_schema(model_versions)


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
    """Count the models and versions of a schema."""
    for field in ("catalog", "schema"):
        value = getattr(request, field)
        if not value:
            raise missing_parameter(field)
        check_length(field, value, scope.limits.name_length)
    prefix = f"{request.catalog}.{request.schema}"
    bounds = {"platform": scope.platform, "first": f"{prefix}.", "beyond": f"{prefix}/"}
    models, versions = tx.one(_COUNT_MODELS, **bounds), tx.one(_COUNT_VERSIONS, **bounds)
    return RegisteredModelSummary(models[0] if models else 0, versions[0] if versions else 0)
