"""The registry of the reference: what each call does to a tenant, and what it answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.proofs.reference.records import (
    Model,
    Refused,
    Subject,
    Tenant,
    Version,
    alias_not_found,
    conflict,
    exists,
    invalid,
    not_found,
)

Fields = dict[str, Any]
_STAGES = ("None", "Staging", "Production", "Archived")


class Said(NamedTuple):
    """What a call answers: what is seen, what it is about, and whether the answer names that one's etag.

    `about` is kept with a retry token; "gone" and "run data" have no etag but do count for whether the token holds.
    """

    seen: Any = None
    about: Subject | None = None
    etag: bool = True


Expect = Callable[[Subject], None]
"""Raises where the caller's if-match is not the etag of this."""


def model_of(tenant: Tenant, fields: Fields, expect: Expect | None = None) -> Model:
    model = tenant.models.get(fields["name"])
    if model is None:
        raise not_found()
    if expect:
        expect(model.subject)
    return model


def version_of(tenant: Tenant, fields: Fields, expect: Expect | None = None) -> tuple[Model, Version]:
    model = model_of(tenant, fields)
    version = model.versions.get(int(fields["version"]))
    if version is None:
        raise not_found()
    if expect:
        expect(model.subject_of(version))
    return model, version


def tags_of(fields: Fields) -> dict[str, str]:
    tags = {tag["key"]: tag["value"] for tag in fields.get("tags", [])}
    if len(tags) != len(fields.get("tags", [])):
        raise invalid()
    return tags


def _of_model(model: Model) -> Said:
    return Said(model.view(), model.subject)


def _of_version(model: Model, version: Version) -> Said:
    return Said(model.view_of(version), model.subject_of(version))


def create_model(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    tags = tags_of(fields)
    if fields["name"] in tenant.models:
        raise exists()
    tenant.made += 1
    model = Model(tenant.number * 1_000 + tenant.made, fields["name"], fields.get("description", ""), tags)
    tenant.models[model.name] = model
    return _of_model(model)


def get_model(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    return _of_model(model_of(tenant, fields))


def update_model(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    model.description = fields["description"]
    model.revision += 1
    return _of_model(model)


def rename_model(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    new = fields["new_name"]
    if tenant.models.get(new, model) is not model:
        raise exists()
    del tenant.models[model.name]
    tenant.models[new] = model
    model.name = new
    model.revision += 1
    for version in model.versions.values():
        version.revision += 1
    return _of_model(model)


def delete_model(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    del tenant.models[model.name]
    return Said(None, ("model", model.identity, "gone"), etag=False)


def search_models(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    wanted = MODEL_FILTERS[fields.get("filter", "")]
    found = [model.view() for model in tenant.models.values() if wanted(model)]
    return Said(sorted(found, key=lambda view: str(view["name"]), reverse=bool(fields.get("order_by"))))


def set_model_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    model.tags[fields["key"]] = fields["value"]
    model.revision += 1
    return Said(None, model.subject)


def delete_model_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    if model.tags.pop(fields["key"], None) is not None:
        model.revision += 1
    return Said(None, model.subject)


def latest_versions(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields)
    stages = fields.get("stages") or _STAGES
    found = [model.view_of(version) for version in model.latest() if version.stage in stages]
    return Said(sorted(found, key=lambda view: int(view["version"])))


def set_alias(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    if fields["alias"] == "latest":
        raise invalid()
    model = model_of(tenant, fields, expect)
    number = int(fields["version"])
    if number not in model.versions:
        raise not_found()
    _clear_alias(model, fields["alias"])
    model.aliases[fields["alias"]] = number
    model.versions[number].revision += 1
    model.revision += 1
    return Said(None, model.subject)


def delete_alias(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields, expect)
    if _clear_alias(model, fields["alias"]):
        model.revision += 1
    return Said(None, model.subject)


def _clear_alias(model: Model, alias: str) -> bool:
    number = model.aliases.pop(alias, None)
    if number is not None:
        model.versions[number].revision += 1
    return number is not None


def get_by_alias(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model = model_of(tenant, fields)
    number = model.aliases.get(fields["alias"])
    if number is None and fields["alias"] == "latest":
        if not model.versions:
            raise not_found()
        number = max(model.versions)
    if number is None:
        raise alias_not_found()
    return _of_version(model, model.versions[number])


def create_version(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    tags = tags_of(fields)
    model = model_of(tenant, fields)
    model.last += 1
    model.revision += 1
    run = fields.get("run_id", "")
    # One that is not known is kept as it was given.
    if run and int(run.partition(":")[2]) >= len(tenant.runs):
        run = "run:none"
    version = Version(model.last, fields.get("description", ""), fields["source"], run, tags)
    model.versions[model.last] = version
    return _of_version(model, version)


def get_version(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    return _of_version(*version_of(tenant, fields))


def update_version(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model, version = version_of(tenant, fields, expect)
    version.description = fields["description"]
    return _of_version(*_touched(model, version))


def delete_version(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model, version = version_of(tenant, fields, expect)
    del model.versions[version.number]
    model.aliases = {alias: number for alias, number in model.aliases.items() if number != version.number}
    model.revision += 1
    kind, identity, _ = model.subject_of(version)
    return Said(None, (kind, identity, "gone"), etag=False)


def set_version_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model, version = version_of(tenant, fields, expect)
    version.tags[fields["key"]] = fields["value"]
    _touched(model, version)
    return Said(None, model.subject_of(version))


def delete_version_tag(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    model, version = version_of(tenant, fields, expect)
    if version.tags.pop(fields["key"], None) is not None:
        _touched(model, version)
    return Said(None, model.subject_of(version))


def transition(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    stage, archive = fields["stage"], fields.get("archive_existing_versions", False)
    if stage not in _STAGES or (archive and stage not in ("Staging", "Production")):
        raise invalid()
    model, version = version_of(tenant, fields, expect)
    if archive:
        for other in model.versions.values():
            if other is not version and other.stage == stage:
                other.stage = "Archived"
                other.revision += 1
    version.stage = stage
    return _of_version(*_touched(model, version))


def _touched(model: Model, version: Version) -> tuple[Model, Version]:
    version.revision += 1
    model.revision += 1
    return model, version


def search_versions(tenant: Tenant, fields: Fields, expect: Expect) -> Said:
    wanted = VERSION_FILTERS[fields.get("filter", "")]
    return Said(
        [
            model.view_of(model.versions[number])
            for model in sorted(tenant.models.values(), key=lambda model: model.name)
            for number in sorted(model.versions)
            if wanted(model, model.versions[number])
        ]
    )


MODEL_FILTERS: dict[str, Callable[[Model], bool]] = {
    "": lambda model: True,
    "name = 'm1'": lambda model: model.name == "m1",
    "name LIKE 'm%'": lambda model: model.name.startswith("m"),
    "tags.k0 = 'x'": lambda model: model.tags.get("k0") == "x",
    "name != 'm0' AND tags.`k 1` LIKE '%y%'": lambda model: model.name != "m0" and "y" in model.tags.get("k 1", ""),
}
VERSION_FILTERS: dict[str, Callable[[Model, Version], bool]] = {
    "": lambda model, version: True,
    "name = 'm0'": lambda model, version: model.name == "m0",
    "tags.k0 = 'x'": lambda model, version: version.tags.get("k0") == "x",
    "name LIKE 'm%' AND version_number > 1": lambda model, version: model.name.startswith("m") and version.number > 1,
}

CALLS = {
    "registered-models/create": create_model,
    "registered-models/get": get_model,
    "registered-models/update": update_model,
    "registered-models/rename": rename_model,
    "registered-models/delete": delete_model,
    "registered-models/search": search_models,
    "registered-models/set-tag": set_model_tag,
    "registered-models/delete-tag": delete_model_tag,
    "registered-models/get-latest-versions": latest_versions,
    "registered-models/alias": set_alias,
    "registered-models/alias/delete": delete_alias,
    "registered-models/alias/get": get_by_alias,
    "model-versions/create": create_version,
    "model-versions/get": get_version,
    "model-versions/update": update_version,
    "model-versions/delete": delete_version,
    "model-versions/set-tag": set_version_tag,
    "model-versions/delete-tag": delete_version_tag,
    "model-versions/transition-stage": transition,
    "model-versions/search": search_versions,
}
__all__ = ["CALLS", "Refused", "Said", "conflict"]
