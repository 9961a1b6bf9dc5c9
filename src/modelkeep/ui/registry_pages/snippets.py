"""Code that can be copied: how to get at a version from each kind of client."""

import json
import shlex
from typing import NamedTuple
from urllib.parse import urlencode

from modelkeep.registry.model_versions import ModelVersion
from modelkeep.registry.rules import is_prompt
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.prompt_text import TEXT_TAG


class Snippet(NamedTuple):
    """One way."""

    label: str
    language: str
    code: str


def snippets(page: Page, version: ModelVersion) -> list[Snippet]:
    """With this server's own address and this version's names."""
    prompt = is_prompt(version.tags)
    scheme, function = ("prompts", "genai.load_prompt") if prompt else ("models", "pyfunc.load_model")
    uri = f"{scheme}:/{version.name}/{version.version}"
    load = f"mlflow.{function}({_text(uri)})"
    if version.aliases:
        by_alias = f"{scheme}:/{version.name}@{version.aliases[0]}"
        load = f"mlflow.{function}({_text(by_alias)})  # or {_text(uri)}"
    loaded = f"{'prompt' if prompt else 'model'} = {load}\n"
    mlflow = f"import mlflow\n\nmlflow.set_tracking_uri({_text(page.tracking_uri)})\n{loaded}"
    oracle = (
        "import oci\n"
        "from aidp_python_client.aidataplatform_dp import MLOpsClient\n\n"
        f"client = MLOpsClient(oci.config.from_file(), service_endpoint={_text(page.origin)})\n"
        "version = client.get_model_version(\n"
        f"    {_text(page.platform)}, name={_text(version.name)}, version={_text(version.version)}\n"
        ").data.model_version\n"
        + (
            f'print({{tag.key: tag.value for tag in version.tags}}["{TEXT_TAG}"])\n'
            if prompt
            else "print(version.source)\n"
        )
    )
    query = urlencode({"name": version.name, "version": version.version})
    address = f"{page.platform_api}/model-versions/get?{query}"
    return [
        Snippet("MLflow", "python", mlflow),
        Snippet("Oracle SDK", "python", oracle),
        Snippet("curl", "sh", f"curl -fsS {shlex.quote(address)}\n"),
    ]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
