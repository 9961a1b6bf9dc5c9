"""`modelkeep grant` and `modelkeep audit`, on a data directory that no server has."""

import csv
import io
import json
from pathlib import Path

from tests.support.command import run


def _said(data: Path, *words: str) -> str:
    done = run(*words, "--data", str(data))
    assert done.code == 0, done.errors
    return done.output


def test_what_is_granted_is_listed_and_taken_away_again(data_directory: Path) -> None:
    _said(data_directory, "group", "create", "team")
    _said(data_directory, "workspace", "create", "acme/lab")
    _said(data_directory, "grant", "add", "acme", "READ", "--group", "team")
    _said(data_directory, "grant", "add", "acme/lab", "manage", "--group", "team")
    listed = json.loads(_said(data_directory, "grant", "list", "acme/lab", "--json"))
    assert [(grant["granteePermissions"], grant["isInherited"]) for grant in listed] == [
        (["MANAGE"], False),
        (["READ"], True),
    ]
    _said(data_directory, "grant", "remove", "acme/lab", "--group", "team")
    table = _said(data_directory, "grant", "list", "acme/lab")
    assert "team" in table
    assert "MANAGE" not in table
    refused = run("grant", "add", "acme/models/none", "READ", "--group", "team", "--data", str(data_directory))
    assert refused.code == 1
    assert "Registered Model with name=none not found" in refused.errors


def test_records_are_shown_and_exported(data_directory: Path) -> None:
    _said(data_directory, "group", "create", "team")
    _said(data_directory, "grant", "add", "default", "READ", "--group", "team")
    (record,) = [
        json.loads(line)
        for line in _said(data_directory, "audit", "--operation", "manage_platform_permission", "--json").splitlines()
    ]
    assert (record["platform"], record["subject_name"], record["refusal"]) == ("default", "default", "")
    rows = list(csv.DictReader(io.StringIO(_said(data_directory, "audit", "--csv"))))
    assert [row["operation"] for row in rows][:2] == ["manage_platform_permission", "create_group"]
    shown = run("audit", "--done", "--data", str(data_directory), COLUMNS="200")
    assert "create_group" in shown.output
    assert run("audit", "--since", "yesterday", "--data", str(data_directory)).code == 1
