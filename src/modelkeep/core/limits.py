"""How long and how many: every limit of a request's content, each a setting (see `settings.py`)."""

from dataclasses import dataclass


# Compared by identity: a server has one, and what is remembered for it is found at every request.
@dataclass(frozen=True, eq=False)
class Limits:
    name_length: int = 255
    description_length: int = 100_000
    source_length: int = 2_048
    key_length: int = 250
    tag_value_length: int = 100_000
    tags_per_request: int = 1_000
    filter_length: int = 20_000
    registered_models_page: int = 1_000
    model_versions_page: int = 200_000
    experiment_name_length: int = 500
    experiment_tag_value_length: int = 20_000
    run_tag_value_length: int = 8_000
    param_value_length: int = 6_000
    metrics_per_batch: int = 1_000
    params_per_batch: int = 100
    tags_per_batch: int = 100
    entities_per_batch: int = 1_000
    experiments_page: int = 50_000
    runs_page: int = 50_000
    logged_models_page: int = 50_000
    metric_history_page: int = 1_000_000
    metric_history_runs: int = 100
    logged_model_name_length: int = 500
    logged_model_value_length: int = 100_000
    datasets_per_request: int = 1_000
    dataset_name_length: int = 500
    dataset_digest_length: int = 36
    dataset_source_length: int = 65_535
    dataset_schema_length: int = 1_048_575
    dataset_profile_length: int = 16_777_215
    dataset_tag_key_length: int = 255
    dataset_tag_value_length: int = 500
    permission_targets: int = 1_000
    audit_page: int = 10_000
    webhooks: int = 100
    webhooks_page: int = 1_000
    webhook_secret_length: int = 1_000
    webhook_allow_http: bool = False
    """Whether webhooks may be delivered by http, unencrypted."""
    webhook_allow_private: bool = False
    """Whether webhooks may lead to addresses that are not public."""
    min_password_length: int = 8
    truncate_long_values: bool = True
    """Whether a value of a param or a run's tag that is too long is cut, as MLflow does, or refused."""
