# Needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
export PORT WORKERS

BIN := .venv/bin
INSTALLED := .venv/.installed
# Any command with PostgreSQL and Valkey up and an environment that names them.
LOCAL := $(BIN)/python -m jewgo.core.local
SPECTACULAR := $(LOCAL) python manage.py spectacular --validate --fail-on-warn

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types contracts deploy migrations schema check-schema calibrate drill bench migration repeats clean

help:  ## show these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

# exec: the server is make's own child, so it notices when make is killed.
run: $(INSTALLED)  ## serve the guide on PORT (8000) with WORKERS (2) processes
	@exec $(BIN)/python -m jewgo.run --end-with-parent

test: $(INSTALLED)  ## run the whole suite on a PostgreSQL and a Valkey of its own
	$(BIN)/pytest -n 2

check: lint types contracts deploy migrations test  ## everything that has to hold before a change goes in

format: $(INSTALLED)  ## write the code in one style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(INSTALLED)  ## check style and likely mistakes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)  ## check all types
	$(LOCAL) mypy .

contracts: $(INSTALLED)  ## check who imports whom
	$(BIN)/lint-imports

deploy: $(INSTALLED)  ## check that production settings raise no warning
	$(LOCAL) env JEWGO_LOCAL=off ROLLOUT_DRILLS=off ALLOWED_HOSTS=jewgo.example \
		ALERT_EMAILS=ops@jewgo.example EMAIL_HOST=mail.jewgo.example \
		python manage.py check --deploy --fail-level WARNING

migrations: $(INSTALLED)  ## check that no migration is missing
	$(LOCAL) python manage.py makemigrations --check --dry-run

schema: $(INSTALLED)  ## write docs/openapi/v3.yaml and v4.yaml, and docs/errors.md
	$(SPECTACULAR) --urlconf jewgo.urls_v3 --custom-settings jewgo.core.schema.V3 --file docs/openapi/v3.yaml
	$(SPECTACULAR) --urlconf jewgo.urls_v4 --custom-settings jewgo.core.schema.V4 --file docs/openapi/v4.yaml
	$(LOCAL) python manage.py error_codes > docs/errors.md

check-schema: $(INSTALLED)  ## check that docs/openapi and docs/errors.md say what the code does (the suite does, too)
	$(SPECTACULAR) --urlconf jewgo.urls_v3 --custom-settings jewgo.core.schema.V3 | diff docs/openapi/v3.yaml -
	$(SPECTACULAR) --urlconf jewgo.urls_v4 --custom-settings jewgo.core.schema.V4 | diff docs/openapi/v4.yaml -
	$(LOCAL) python manage.py error_codes | diff docs/errors.md -
	$(BIN)/openapi-spec-validator docs/openapi/v3.yaml docs/openapi/v4.yaml

calibrate: $(INSTALLED)  ## simulate rollouts, judge them, and write the tables of docs/evidence.md: about an hour
	$(BIN)/python -m benchmarks.calibrate --document docs/evidence.md

RUNS ?= 10
drill: $(INSTALLED)  ## make v4 fail under load in five ways, RUNS (10) times each, and time the guard's rollbacks
	$(BIN)/python -m benchmarks.drill --runs $(RUNS) --quiet-runs $(RUNS) --write

bench: $(INSTALLED)  ## measure a page of the v4 list beside programs that give the same answer, in CPU time
	$(LOCAL) $(BIN)/python -m benchmarks.bench --write

migration: $(INSTALLED)  ## migrate to COMPLETE under load, past two broken releases
	$(BIN)/python -m benchmarks.migration --write

repeats: $(INSTALLED)  ## send a thousand POSTs eight times each while a worker is killed, and count the rows
	JEWGO_REPEATED_KEYS=1000 $(BIN)/pytest -q tests/journeys/test_repeating.py

clean:  ## remove caches; data in var/ and .venv stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "JewGo needs Python 3.11 or newer; name it: make PYTHON=python3.12 …")'
	@echo "Installing the pinned packages into .venv: about a minute, once …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
