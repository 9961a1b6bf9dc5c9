# Everything starts from a clone: the environment is made when it is first needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A peer of the benchmarks, a binary in a package that wants an older MLflow: so it stands apart, and may be missing.
FASTTRACKML := fasttrackml==0.6.0

# Each proof of docs/reliability.md, how long it goes on, and its seed, which is random where none is named.
PROOFS := stateful differential fuzz crash fault linearizability
PROOF_SECONDS ?= 120
PROOF_SEED ?=
SECONDS ?= 600

.PHONY: run test test-all proof $(PROOFS:%=proof-%) soak lint bench bench-pages bench-imports scale profile clients docs screenshots clean

run: $(VENV)/.run
	$(BIN)/modelkeep serve

test: $(VENV)/.test
	$(BIN)/pytest -n auto

# The same and the slow ones: the example with several releases of MLflow, each installed for it.
test-all: $(VENV)/.test
	$(BIN)/pytest -n auto -m ""

# `make test` runs a quick version of each; these go on for PROOF_SECONDS each, and print what they did.
proof: $(PROOFS:%=proof-%)

$(PROOFS:%=proof-%): proof-%: $(VENV)/.test
	PROOF_SECONDS=$(PROOF_SECONDS) PROOF_SEED=$(PROOF_SEED) $(BIN)/pytest -n 0 -s -m "" tests/proofs/test_$(*)*.py

# Ten minutes of mixed load on one server; SECONDS says otherwise.
soak: $(VENV)/.test
	PROOF_SECONDS=$(SECONDS) PROOF_SEED=$(PROOF_SEED) $(BIN)/python -m tests.proofs.soak

lint: $(VENV)/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: $(VENV)/.bench $(VENV)/.fasttrackml
	$(BIN)/python -m bench $(BENCH)

# The pages beside MLflow's, with Debian's Chromium; PAGES='--page docs/benchmarks.md' puts the table there.
bench-pages: $(VENV)/.bench $(VENV)/.test
	$(BIN)/python -m bench.pages $(PAGES)

# An MLflow database imported into SQLite and PostgreSQL; writes docs/benchmarks-imports.md.
bench-imports: $(VENV)/.bench
	$(BIN)/python -m bench.imports --markdown docs/benchmarks-imports.md $(IMPORTS)

# How cost grows with records: fills both databases, asks everything at each share, writes docs/performance.md.
scale: $(VENV)/.bench
	$(BIN)/python -m bench.scale $(SCALE)

# Where the processor time of a request goes, and the floors below it; writes docs/performance.md.
profile: $(VENV)/.bench
	$(BIN)/python -m bench.profiling --layers --docs docs $(PROFILE)

# Thousands of connections, and slow ones among them; writes docs/performance.md.
clients: $(VENV)/.bench
	$(BIN)/python -m bench.clients --docs docs $(CLIENTS)

docs: $(VENV)/.test
	$(BIN)/python -m tests.support.generate

# Pictures of the pages, with Debian's Chromium.
screenshots: $(VENV)/.test
	$(BIN)/python -m tests.support.screenshots

clean:
	rm -rf $(VENV)

ifeq ($(VENV),.venv)
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	$(BIN)/python -m compileall -q src/modelkeep
	touch $@

$(VENV)/.test: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	touch $@

$(VENV)/.bench: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

$(VENV)/.fasttrackml: $(VENV)/bin/python
	-$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/fasttrackml $(FASTTRACKML) \
		&& touch $@
else
# VENV=… names an environment that is there already, as that of another work tree: nothing is installed into it, and what
# runs are the sources of this one.
export PYTHONPATH := $(CURDIR)/src
$(VENV)/.run $(VENV)/.test $(VENV)/.bench $(VENV)/.fasttrackml: ;
endif
