"""Every setting, once: name, default and meaning. Flags and `MODELKEEP_…` variables derive from this table.

A flag wins over a variable, a variable over the default.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import msgspec

from modelkeep.core.limits import Limits

PREFIX = "MODELKEEP_"
_PASSWORD = re.compile(r"(?P<user>://[^:@/]*:)[^@/]*(?=@)|(?P<name>password=)[^&\s]*")
ASYMMETRIC_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""Of these the verifying key is public: no token can be made with what a provider publishes."""
_LEAST_HEADER_BYTES = 8_192
_MAY_BE_ZERO = (
    "audit_days",
    "address_requests_per_second",
    "user_requests_per_second",
    "port",
    "remembered_answers",
    "max_artifact_bytes",
)


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(5000, "Port to listen on; 0 takes a free one and prints it.")
    data: Path = _setting(Path("modelkeep-data"), "Data directory: the database and its lock.")
    artifacts: str = _setting("", "Where artifacts are kept: a folder, s3://…, gs://… or az://…; empty is in the data.")
    artifact_locations: str = _setting(
        "", "Other places whose artifacts may be read and written: URI prefixes, separated by commas."
    )
    public_url: str = _setting("", "Address that clients use, for signed URLs; empty takes the request's own host.")
    database: str = _setting("", "PostgreSQL as postgresql://…; where none is named, SQLite in the data directory.")
    read_replica: str = _setting("", "A standby of that PostgreSQL, as postgresql://…, which answers searches.")
    migrate_on_start: bool = _setting(
        True, "Apply missing migrations at the start; otherwise 'modelkeep db upgrade' does."
    )
    workers: int = _setting(1, "Server processes. SQLite is served by exactly one.")
    tls_cert: Path | None = _setting(None, "Certificate chain (PEM); serves https with --tls-key.")
    tls_key: Path | None = _setting(None, "Private key of --tls-cert (PEM).")
    auth: str = _setting(
        "auto",
        "Who has to log in: auto, everyone as soon as there are users, and nobody before on a loopback address; "
        "required, everyone; none, nobody.",
    )
    signature_skew_seconds: int = _setting(300, "How old or early the date of a signed request may be.")
    password_seconds: int = _setting(300, "How long a verified password is remembered, so that it costs once.")
    allowed_hosts: str = _setting(
        "",
        "Names that this server goes by, separated by commas; * takes any. Empty takes those of this machine on a "
        "loopback address, and any elsewhere.",
    )
    cors_origins: str = _setting("", "Sites whose pages may call the API, such as https://lab.example.com, by commas.")
    trusted_proxies: str = _setting("", "Addresses of proxies whose x-forwarded-for is believed, by commas.")
    proxy_user_header: str = _setting(
        "", "Header in which those proxies name the user that they have authenticated, such as x-forwarded-user."
    )
    address_requests_per_second: int = _setting(
        0, "Requests a second from one address, before more are answered 429; 0 sets no limit."
    )
    user_requests_per_second: int = _setting(
        0, "Requests a second of one user, before more are answered 429; 0 sets no limit."
    )
    max_requests_in_flight: int = _setting(2_000, "Requests at one time, before more are answered 503.")
    max_connections: int = _setting(4_096, "Connections at one time; further ones wait.")
    # The HTTP server sends files in pieces of this size as well: with 128 KiB a fifth slower than with its own 408.
    max_header_bytes: int = _setting(408 * 1024, "Longest head of a request: its URL and its headers together.")
    header_seconds: int = _setting(30, "How long a client may take for the head of a request, or be idle.")
    body_seconds: int = _setting(
        60, "How long a body may stand still while it is sent; of a body in one piece, for each megabyte."
    )
    tls_client_ca: Path | None = _setting(
        None, "Certificates (PEM) of those who sign clients' certificates: with it no other client is let in."
    )
    failed_log_ins_per_minute: int = _setting(
        30, "Wrong passwords a minute from one address, and of one user, before more are answered 429."
    )
    session_hours: int = _setting(12, "How long a browser stays logged in.")
    oidc_issuer: str = _setting("", "Identity provider (OpenID Connect): its issuer, a URL.")
    oidc_audience: str = _setting("", "Audience that access tokens of the provider must have; empty is the client id.")
    oidc_client_id: str = _setting("", "This server's client id at the provider; with it browsers can log in there.")
    oidc_client_secret: str = _setting(
        "", "This server's secret at the provider, for clients that have one. Better by its variable.", secret=True
    )
    oidc_scopes: str = _setting("openid profile email", "Scopes that a browser's log-in asks for.")
    oidc_algorithms: str = _setting("RS256,ES256", "Algorithms that the provider may sign with.")
    oidc_name_claim: str = _setting("preferred_username", "Claim that names a new user.")
    oidc_groups_claim: str = _setting(
        "", "Claim that lists a user's groups; of those that exist here the user is then made a member."
    )
    oidc_create_users: bool = _setting(False, "Create users of the provider at their first log-in.")
    access_log: bool = _setting(True, "One JSON line a request on standard output.")
    log_level: str = _setting("info", "debug, info, warning or error.")
    metrics_for: str = _setting(
        "administrators", "Who may read /metrics: administrators (and this machine itself), everyone or nobody."
    )
    otlp_endpoint: str = _setting(
        "", "Collector that traces are sent to by OTLP, such as http://localhost:4318; needs the extra otel."
    )
    shutdown_seconds: int = _setting(30, "How long a stop waits for requests in flight.")
    max_body_bytes: int = _setting(16 * 1024 * 1024, "Largest request body.")
    max_artifact_bytes: int = _setting(0, "Largest artifact; 0 sets no limit.")
    bucket_silent_seconds: int = _setting(60, "How long a bucket may be silent before a request to it is answered 503.")
    max_artifacts_page: int = _setting(10_000, "Most artifacts in one page of a list.")
    max_waiting_writes: int = _setting(
        10_000, "Writes that may wait before new ones are answered 429; platforms share them equally."
    )
    write_group: int = _setting(256, "Most writes that share one commit.")
    readers: int = _setting(4, "Threads that read from the database.")
    writers: int = _setting(2, "Threads that write to PostgreSQL, each with a connection.")
    prepare_statements: bool = _setting(
        True,
        "Have PostgreSQL keep statements prepared. Behind a pooler such as PgBouncer that is left out by itself.",
    )
    remembered_answers: int = _setting(
        10_000, "Look-ups whose answers are remembered until the next commit; 0 remembers none."
    )
    retry_token_hours: int = _setting(24, "How long an opc-retry-token holds.")
    min_password_length: int = _setting(Limits.min_password_length, "Shortest password that may be chosen.")
    max_name_length: int = _setting(Limits.name_length, "Longest name of a model, characters.")
    max_description_length: int = _setting(Limits.description_length, "Longest description, characters.")
    max_source_length: int = _setting(Limits.source_length, "Longest source, run id or run link, characters.")
    max_key_length: int = _setting(Limits.key_length, "Longest key of a tag, param or metric, characters.")
    max_tag_value_length: int = _setting(Limits.tag_value_length, "Longest value of a tag, characters.")
    max_tags_per_request: int = _setting(Limits.tags_per_request, "Most tags in one request.")
    max_filter_length: int = _setting(Limits.filter_length, "Longest filter of a search, characters.")
    max_registered_models_page: int = _setting(Limits.registered_models_page, "Largest page of models.")
    max_model_versions_page: int = _setting(Limits.model_versions_page, "Largest page of versions.")
    max_experiment_name_length: int = _setting(Limits.experiment_name_length, "Longest name of an experiment.")
    max_experiment_tag_value_length: int = _setting(
        Limits.experiment_tag_value_length, "Longest value of an experiment's tag, characters."
    )
    max_run_tag_value_length: int = _setting(Limits.run_tag_value_length, "Longest value of a run's tag, characters.")
    max_param_value_length: int = _setting(Limits.param_value_length, "Longest value of a param, characters.")
    truncate_long_values: bool = _setting(
        Limits.truncate_long_values,
        "Cut values of params and of runs' tags that are too long, rather than refuse them.",
    )
    max_metrics_per_batch: int = _setting(Limits.metrics_per_batch, "Most metrics in one batch.")
    max_params_per_batch: int = _setting(Limits.params_per_batch, "Most params in one batch.")
    max_tags_per_batch: int = _setting(Limits.tags_per_batch, "Most tags in one batch.")
    max_entities_per_batch: int = _setting(
        Limits.entities_per_batch, "Most metrics, params and tags together in one batch."
    )
    max_experiments_page: int = _setting(Limits.experiments_page, "Largest page of experiments.")
    max_runs_page: int = _setting(Limits.runs_page, "Largest page of runs.")
    max_logged_models_page: int = _setting(Limits.logged_models_page, "Largest page of logged models.")
    max_metric_history_page: int = _setting(Limits.metric_history_page, "Largest page of a metric's history.")
    max_metric_history_runs: int = _setting(
        Limits.metric_history_runs, "Most runs whose histories are asked for at once."
    )
    max_logged_model_name_length: int = _setting(
        Limits.logged_model_name_length, "Longest name or type of a logged model, characters."
    )
    max_logged_model_value_length: int = _setting(
        Limits.logged_model_value_length, "Longest value of a logged model's tag or param, characters."
    )
    max_datasets_per_request: int = _setting(Limits.datasets_per_request, "Most datasets, or models, in one request.")
    max_dataset_name_length: int = _setting(Limits.dataset_name_length, "Longest name of a dataset, characters.")
    max_dataset_digest_length: int = _setting(Limits.dataset_digest_length, "Longest digest of a dataset, characters.")
    max_dataset_source_length: int = _setting(Limits.dataset_source_length, "Longest source of a dataset, characters.")
    max_dataset_schema_length: int = _setting(Limits.dataset_schema_length, "Longest schema of a dataset, characters.")
    max_dataset_profile_length: int = _setting(
        Limits.dataset_profile_length, "Longest profile of a dataset, characters."
    )
    max_dataset_tag_key_length: int = _setting(
        Limits.dataset_tag_key_length, "Longest key of a tag of a run's dataset, characters."
    )
    max_dataset_tag_value_length: int = _setting(
        Limits.dataset_tag_value_length, "Longest value of a tag of a run's dataset, characters."
    )

    max_permission_targets: int = _setting(
        Limits.permission_targets, "Most users, groups or roles in one change of permissions."
    )
    audit_days: int = _setting(365, "Days for which records of what was done are kept; 0 keeps them for ever.")
    refusals_per_second: int = _setting(
        10, "Refused attempts of one caller that are recorded in a second; of more, how many there were."
    )
    max_audit_page: int = _setting(Limits.audit_page, "Largest page of records of what was done.")
    max_webhooks: int = _setting(Limits.webhooks, "Most webhooks of a platform.")
    max_webhooks_page: int = _setting(Limits.webhooks_page, "Largest page of webhooks, or of their deliveries.")
    max_webhook_secret_length: int = _setting(Limits.webhook_secret_length, "Longest secret of a webhook, characters.")
    webhook_allow_http: bool = _setting(
        Limits.webhook_allow_http, "Let webhooks be delivered by http too, unencrypted."
    )
    webhook_allow_private: bool = _setting(
        Limits.webhook_allow_private,
        "Let webhooks lead to private, loopback and link-local addresses: whoever creates one reaches what you do.",
    )
    webhook_timeout_seconds: int = _setting(30, "How long one attempt to deliver may take.")
    webhook_connections: int = _setting(10, "Most deliveries at a time, a server process.")
    webhook_attempts: int = _setting(12, "Attempts after which what cannot be delivered is a dead letter.")
    webhook_backoff_ms: int = _setting(
        2_000, "Pause after the first failed attempt, milliseconds; each further one is twice as long."
    )
    webhook_max_backoff_seconds: int = _setting(3_600, "Longest pause between two attempts.")
    webhook_retry_hours: int = _setting(24, "Age from which the first failed attempt makes a dead letter.")
    webhook_dead_letter_days: int = _setting(30, "How long dead letters are kept.")

    @property
    def limits(self) -> Limits:
        names = {
            limit.name: limit.name if hasattr(self, limit.name) else f"max_{limit.name}" for limit in fields(Limits)
        }
        return Limits(**{limit: getattr(self, setting) for limit, setting in names.items()})


def flag_of(name: str) -> str:
    """The flag of a setting."""
    return f"--{name.replace('_', '-')}"


class Origin(NamedTuple):
    """One line of `modelkeep config`."""

    name: str
    value: Any
    source: str
    meaning: str
    secret: bool = False


def origins_of(settings: "Settings") -> list[Origin]:
    """The settings of a server that runs: which of them were given, though not by what."""
    return [
        Origin(
            setting.name,
            value := getattr(settings, setting.name),
            "default" if value == setting.default else "given",
            setting.metadata["meaning"],
            setting.metadata["secret"],
        )
        for setting in fields(Settings)
    ]


def shown_value(origin: Origin) -> int | str | None:
    """A value as it may be shown: without what is secret in it."""
    value = origin.value
    if origin.secret and value:
        return "***"
    return value if isinstance(value, (int, type(None))) else without_password(str(value))


class InvalidSetting(ValueError):
    """A flag or variable whose value cannot be used; the message is for the person who set it."""


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[Settings, list[Origin]]:
    """The settings in force and where each came from. Flags that are None were not given."""
    hints = get_type_hints(Settings)
    origins = []
    for setting in fields(Settings):
        variable = PREFIX + setting.name.upper()
        if flags.get(setting.name) is not None:
            value, source = flags[setting.name], flag_of(setting.name)
        elif environment.get(variable, "") != "":
            value, source = environment[variable], variable
        else:
            value, source = setting.default, "default"
        if source != "default":
            value = _converted(value, hints[setting.name], source)
        origins.append(Origin(setting.name, value, source, setting.metadata["meaning"], setting.metadata["secret"]))
    for problem in _problems({origin.name: origin for origin in origins}):
        raise InvalidSetting(problem)
    return Settings(**{origin.name: origin.value for origin in origins}), origins


def _converted(value: Any, wanted: Any, source: str) -> Any:
    if wanted in (Path, Path | None):
        return Path(value)
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"{source}: {value!r} cannot be used: {error}") from None


def _problems(given: Mapping[str, Origin]) -> Iterator[str]:
    port, level = given["port"], given["log_level"]
    if not 0 <= port.value <= 65535:
        yield f"{port.source}: {port.value} is not a port; 0 to 65535 are allowed."
    if level.value not in ("debug", "info", "warning", "error"):
        yield f"{level.source}: {level.value!r} is not a level; debug, info, warning and error are."
    if given["auth"].value not in ("auto", "required", "none"):
        yield f"{given['auth'].source}: {given['auth'].value!r} is unknown; auto, required and none are."
    yield from _problems_of_provider(given)
    yield from _problems_of_protection(given)
    if (given["tls_cert"].value is None) != (given["tls_key"].value is None):
        yield "--tls-cert and --tls-key belong together: one of them is missing."
    readers = given["metrics_for"]
    if readers.value not in ("administrators", "everyone", "nobody"):
        yield f"{readers.source}: {readers.value!r} is not one of administrators, everyone and nobody."
    collector = given["otlp_endpoint"]
    if collector.value and not collector.value.startswith(("http://", "https://")):
        yield f"{collector.source}: a URL that begins with http:// or https:// is needed."
    for database in (given["database"], given["read_replica"]):
        if database.value and not database.value.startswith(("postgresql://", "postgres://")):
            yield f"{database.source}: a URL that begins with postgresql:// is needed; SQLite is named by --data."
    if given["read_replica"].value and not given["database"].value:
        yield f"{given['read_replica'].source}: a standby is read beside its PostgreSQL, which --database names."
    for origin in given.values():
        counts = (
            isinstance(origin.value, int) and not isinstance(origin.value, bool) and origin.name not in _MAY_BE_ZERO
        )
        if counts and origin.value < 1:
            yield f"{origin.source}: {origin.value} is too small; at least 1 is needed."


def _problems_of_protection(given: Mapping[str, Origin]) -> Iterator[str]:
    if given["max_header_bytes"].value < _LEAST_HEADER_BYTES:
        yield f"{given['max_header_bytes'].source}: at least {_LEAST_HEADER_BYTES} are needed."
    if given["proxy_user_header"].value and not given["trusted_proxies"].value:
        yield "--proxy-user-header needs --trusted-proxies: from anyone else it would let in whoever sends it."
    if given["tls_client_ca"].value is not None and given["tls_cert"].value is None:
        yield "--tls-client-ca belongs to --tls-cert and --tls-key: without https there are no clients' certificates."


def _problems_of_provider(given: Mapping[str, Origin]) -> Iterator[str]:
    issuer = given["oidc_issuer"]
    if not issuer.value:
        return
    if not issuer.value.startswith(("https://", "http://")):
        yield f"{issuer.source}: {issuer.value!r} is no URL."
    if not given["oidc_audience"].value and not given["oidc_client_id"].value:
        yield f"{issuer.source} needs --oidc-client-id or --oidc-audience: whom the provider's tokens are meant for."
    algorithms = given["oidc_algorithms"]
    for name in (name.strip() for name in algorithms.value.split(",")):
        if name not in ASYMMETRIC_ALGORITHMS:
            yield f"{algorithms.source}: {name!r} is not allowed; {', '.join(ASYMMETRIC_ALGORITHMS)} are."


def listed(value: str) -> tuple[str, ...]:
    """The parts of a setting that has several, separated by commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    return _PASSWORD.sub(lambda found: f"{found['user'] or found['name']}***", url)
