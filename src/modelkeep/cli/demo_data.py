"""What `modelkeep demo` fills a server with: a small team's models of customers, cards and demand."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DemoRun:
    """One training. `curve` says how its metrics went: from where, to where, how fast."""

    name: str
    params: dict[str, str]
    steps: int = 40
    quality: float = 0.85
    noise: float = 0.01
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "FINISHED"
    children: tuple["DemoRun", ...] = ()

    def curves(self) -> Iterator[tuple[str, int, float]]:
        """Metric, step and value of all points."""
        dice = random.Random(self.name)  # noqa: S311
        for step in range(self.steps):
            learned = 1 - math.exp(-4 * (step + 1) / self.steps)
            shake = dice.gauss(0, self.noise)
            yield "train_loss", step, round(0.7 - 0.55 * learned * self.quality + abs(shake), 5)
            yield "val_loss", step, round(0.72 - 0.5 * learned * self.quality + abs(shake) * 1.6, 5)
            yield "val_auc", step, round(min(0.5 + (self.quality - 0.5) * learned + shake / 2, 0.999), 5)
            yield "system/cpu_utilization_percentage", step, round(55 + 30 * math.sin(step / 5) + dice.gauss(0, 6), 1)
            yield "system/system_memory_usage_megabytes", step, round(2_400 + 900 * learned + dice.gauss(0, 20), 1)
        for offset, metric in enumerate(("precision", "recall", "f1")):
            yield metric, self.steps, round(self.quality - 0.04 * offset + dice.gauss(0, 0.01), 4)


@dataclass(frozen=True)
class DemoVersion:
    """A version of a model, made of a run."""

    run: str
    stage: str = "None"
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class DemoModel:
    """A registered model, the columns that it takes, and its versions in their order."""

    name: str
    experiment: str
    description: str
    tags: dict[str, str]
    columns: Sequence[tuple[str, str]]
    versions: tuple[DemoVersion, ...]


@dataclass(frozen=True)
class DemoExperiment:
    """An experiment, the data that it learned from, and its runs."""

    name: str
    note: str
    dataset: tuple[str, str]
    runs: tuple[DemoRun, ...]
    tags: dict[str, str] = field(default_factory=dict)


def _forest(name: str, trees: int, depth: int, quality: float, **more: object) -> DemoRun:
    params = {"model": "random forest", "n_estimators": str(trees), "max_depth": str(depth), "criterion": "gini"}
    return DemoRun(name, params, quality=quality, **more)  # type: ignore[arg-type]


def _boosted(name: str, rate: str, depth: int, quality: float, **more: object) -> DemoRun:
    params = {
        "model": "gradient boosting",
        "learning_rate": rate,
        "max_depth": str(depth),
        "subsample": "0.8",
        "objective": "binary:logistic",
    }
    return DemoRun(name, params, quality=quality, **more)  # type: ignore[arg-type]


EXPERIMENTS = (
    DemoExperiment(
        "churn",
        "Which customers will leave within **90 days**? Weekly data, split by time.",
        ("customers-2026-06", "s3://lake/customers/2026-06"),
        (
            _forest("forest-first", 100, 6, 0.78, tags={"author": "ann"}),
            _forest("forest-wide", 400, 12, 0.81, tags={"author": "ann"}),
            _boosted("boosted-plain", "0.1", 5, 0.84, tags={"author": "ben"}),
            DemoRun(
                "boosted-search",
                {"model": "gradient boosting", "search": "random", "trials": "4"},
                quality=0.87,
                tags={"author": "ben"},
                children=tuple(
                    _boosted(f"boosted-trial-{at}", rate, depth, quality, steps=25)
                    for at, (rate, depth, quality) in enumerate(
                        (("0.30", 3, 0.79), ("0.10", 6, 0.85), ("0.05", 8, 0.87), ("0.01", 10, 0.74)), 1
                    )
                ),
            ),
            _boosted("boosted-august", "0.05", 8, 0.89, tags={"author": "ann", "data": "august"}),
            _boosted("boosted-out-of-memory", "0.05", 16, 0.6, steps=9, status="FAILED"),
        ),
        {"team": "growth"},
    ),
    DemoExperiment(
        "card-fraud",
        "Scores card payments while the customer waits: under 20 ms.",
        ("payments-q2", "s3://lake/payments/2026q2"),
        (
            DemoRun("logistic-base", {"model": "logistic regression", "C": "1.0", "penalty": "l2"}, quality=0.82),
            _boosted("boosted-fast", "0.1", 4, 0.91),
            DemoRun(
                "net-two-layers",
                {"model": "neural net", "layers": "2", "width": "128", "optimizer": "adam", "lr": "0.001"},
                steps=120,
                quality=0.94,
                noise=0.02,
                tags={"gpu": "L4"},
            ),
            DemoRun(
                "net-three-layers",
                {"model": "neural net", "layers": "3", "width": "256", "optimizer": "adam", "lr": "0.0005"},
                steps=70,
                quality=0.95,
                noise=0.03,
                tags={"gpu": "L4"},
                status="RUNNING",
            ),
        ),
        {"team": "risk"},
    ),
    DemoExperiment(
        "demand",
        "How much each shop sells next week, by product.",
        ("sales-daily", "s3://lake/sales"),
        (
            DemoRun("naive-last-week", {"model": "seasonal naive", "season": "7"}, steps=1, quality=0.6),
            DemoRun("forest-demand", {"model": "random forest", "lags": "1,7,14,28"}, quality=0.76),
        ),
        {"team": "supply"},
    ),
)

MODELS = (
    DemoModel(
        "main.growth.churn",
        "churn",
        "# Who will leave\n\nGives the chance that a customer leaves within **90 days**.\n\n"
        "- retrained each month from the experiment `churn`\n- the alias `champion` is what the mailing uses\n\n"
        "| measure | must be |\n|---|---|\n| AUC | above 0.85 |\n| latency | below 50 ms |\n",
        {"team": "growth", "owner": "ann", "tier": "1"},
        (("tenure_months", "long"), ("monthly_charge", "double"), ("contract", "string"), ("support_calls", "long")),
        (
            DemoVersion("forest-first", "Archived", (), {"data": "june"}),
            DemoVersion("boosted-plain", "Archived", (), {"data": "june", "reviewed": "yes"}),
            DemoVersion(
                "boosted-search",
                "Production",
                ("champion",),
                {"data": "june", "reviewed": "yes"},
                "The best of the search. **In use** since 4 July.",
            ),
            DemoVersion("boosted-august", "Staging", ("challenger", "august"), {"data": "august"}),
        ),
    ),
    DemoModel(
        "main.risk.card_fraud",
        "card-fraud",
        "Scores a payment from 0 to 1. Above 0.9 it is held back.",
        {"team": "risk", "owner": "chris", "tier": "0", "pii": "no"},
        (("amount", "double"), ("merchant_category", "string"), ("hour", "long"), ("distance_km", "double")),
        (
            DemoVersion("logistic-base", "None", ("fallback",), {"latency_ms": "2"}),
            DemoVersion("boosted-fast", "Production", ("champion",), {"latency_ms": "6"}),
            DemoVersion("net-two-layers", "Staging", ("challenger",), {"latency_ms": "14"}),
        ),
    ),
    DemoModel(
        "main.supply.demand",
        "demand",
        "",
        {"team": "supply"},
        (("shop", "string"), ("product", "string"), ("week", "long")),
        (DemoVersion("forest-demand"),),
    ),
)
