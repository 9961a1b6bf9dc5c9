"""All parts, one after the other."""

import asyncio
from collections.abc import Mapping, Sequence

from modelkeep.core.settings import Origin, Settings
from modelkeep.server.doctor.artifacts import examine_artifacts
from modelkeep.server.doctor.configuration import examine_configuration, examine_reach, examine_tls
from modelkeep.server.doctor.database import examine_database
from modelkeep.server.doctor.disk import examine_directory
from modelkeep.server.doctor.findings import Finding


def examine(settings: Settings, origins: Sequence[Origin], environment: Mapping[str, str]) -> list[Finding]:
    """Everything that was found. A server may run meanwhile."""
    of_database, users = examine_database(settings)
    return [
        *examine_configuration(settings, origins, environment),
        *examine_tls(settings),
        *examine_reach(settings, users),
        *examine_directory(settings),
        *of_database,
        asyncio.run(examine_artifacts(settings)),
    ]
