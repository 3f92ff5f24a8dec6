# make up: the platform, from a fresh clone. Everything goes into .venv and .devenv; nothing else is touched.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help up down test test-cluster test-rest sensitivity check clean format lock bench

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1|\2/' | column -t -s'|'

up: .venv/installed ## bring the platform up, seeded
	@$(BIN)/devenv up

down: .venv/installed ## stop it; the data stay
	@$(BIN)/devenv down

# In two halves at once: what takes a cluster mostly waits.
test: .venv/tested ## every test that can run here
	@$(MAKE) --no-print-directory --jobs=2 test-cluster test-rest

test-cluster:
	$(BIN)/pytest -k k3s

test-rest:
	$(BIN)/pytest -k "not k3s"

sensitivity: .venv/tested ## inject every drift that parity has to find, one at a time
	DEVENV_DRIFTS=all $(BIN)/pytest tests/parity

check: .venv/tested ## ruff, mypy --strict, hadolint, and whether k3s/base is as rendered
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/devenv render k3s --check
	$(BIN)/hadolint compose/images/*/Dockerfile

format: .venv/tested ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/tested ## measure, beside the same services started by hand
	$(BIN)/python -m benchmarks

clean: ## stop everything of this project, and delete what make and devenv have made (asks about data)
	@if [ -x $(BIN)/devenv ]; then $(BIN)/devenv down --volumes; fi
	rm -rf .venv .devenv build *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: .venv/tested ## resolve the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --extra test --extra check pyproject.toml --output-file requirements.lock

# Without dependencies: the lock has them all, and an older pip would look for some of them anew.
# One lock for users and developers: what is tested is what is installed.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than Python 3.11"; echo "       name a newer one: make up PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "error: $(PYTHON) cannot make a virtual environment"; echo "       on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "installing devenv into .venv (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/tested: .venv/installed
	@touch $@
