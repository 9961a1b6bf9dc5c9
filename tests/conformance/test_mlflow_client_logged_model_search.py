"""MLflow's client on searches of logged models, at each URL that it can be pointed to."""

from mlflow import MlflowClient


def test_models_are_searched_by_pages_filter_order_and_dataset(client: MlflowClient, name: str) -> None:
    experiment = client.create_experiment(name)
    run = client.create_run(experiment).info.run_id
    data = {"dataset_name": "payments", "dataset_digest": "d1"}
    for number in range(5):
        model = client.create_logged_model(experiment, name=f"m{number}", params={"depth": str(number)})
        client.log_metric(run, "acc", number / 10, model_id=model.model_id, **data)
    names, token = [], None
    while token != "":
        page = client.search_logged_models(
            [experiment],
            "metrics.acc > 0.05 AND name != 'm2'",
            datasets=[data],
            max_results=2,
            order_by=[{"field_name": "metrics.acc", "ascending": False}],
            page_token=token,
        )
        names += [found.name for found in page]
        token = page.token or ""
    assert names == ["m4", "m3", "m1"]
    other = [{"dataset_name": "payments", "dataset_digest": "d2"}]
    assert list(client.search_logged_models([experiment], "metrics.acc > 0.05", datasets=other)) == []


def test_a_found_model_is_the_model_that_is_got(client: MlflowClient, name: str) -> None:
    experiment = client.create_experiment(name)
    created = client.create_logged_model(experiment, "scorer", tags={"team": "risk"}, params={"depth": "7"})
    (found,) = client.search_logged_models([experiment])
    assert found.to_dictionary() == client.get_logged_model(created.model_id).to_dictionary()


def test_a_deleted_model_is_not_found(client: MlflowClient, name: str) -> None:
    experiment = client.create_experiment(name)
    model = client.create_logged_model(experiment, "scorer").model_id
    client.delete_logged_model(model)
    assert list(client.search_logged_models([experiment])) == []
