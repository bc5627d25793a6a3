# One entry for people and for CI. Everything is installed inside the checkout: uv in .tools,
# the environment in .venv, both from files with hashes.
.DEFAULT_GOAL := help
SHELL := /bin/sh
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Without its compiled modules every start takes a second or two longer.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
PYTHON ?=
PYTHON313 ?= 3.13
EXAMPLES ?= 200
POSTGRES15 ?= /usr/lib/postgresql/15/bin
export PYTHON

UV := .tools/uv/bin/uv
BIN := .venv/bin
STAMP := .venv/.installed
PEERS := .cache/bench-env/.installed
SOURCES := src tests tools bench chaos examples/shop

# An account without a home of its own still needs a place for downloads.
ifneq ($(shell [ -w "$$HOME" ] && echo writable),writable)
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
endif

# A checkout that was moved or copied has an environment that points to its old place.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

# $(call install,<environment>,<python>): the locked packages, then fastgres and the shop editable.
# An environment that works stays and is only brought up to date, so that running programs survive.
define install
	[ "$$(cat $(1)/.installed 2>/dev/null)" = "$(CURDIR)" ] && $(1)/bin/python -c "" || \
		$(UV) venv --quiet --clear --python "$(2)" $(1)
	$(UV) pip sync --quiet --python $(1) --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(1) --no-deps --no-build-isolation \
		--editable . --editable examples/shop
	echo "$(CURDIR)" >$(1)/.installed
endef

# $(call test,<programs of an environment>)
define test
	$(1)/python -m pytest tests -n 2 --dist loadgroup
	cd examples/shop && $(1)/python -m pytest tests -n 2
endef

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(STAMP) ## Serve the example shop on real data (PORT=8000)
	@cd examples/shop && exec $(CURDIR)/$(BIN)/fastgres dev --seed --no-reload --port $(PORT)

.PHONY: test
test: $(STAMP) ## Run all tests; DATABASE_URL=postgresql://... uses that server
	$(call test,$(CURDIR)/$(BIN))

.PHONY: check
check: $(STAMP) ## Lint, formatting, types, the layers and our own rules
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy src tests tools bench chaos
	cd examples/shop && $(CURDIR)/$(BIN)/mypy --config-file ../../pyproject.toml src tests migrations
	$(BIN)/lint-imports
	$(BIN)/python -m fastgres.rules src examples/shop/src

.PHONY: test-python313
test-python313: $(UV) ## Run all tests on Python 3.13 (PYTHON313=path, found or downloaded)
	$(call install,.cache/python313,$(PYTHON313))
	$(call test,$(CURDIR)/.cache/python313/bin)

.PHONY: test-sqlalchemy20
test-sqlalchemy20: $(UV) ## Run all tests on SQLAlchemy 2.0.51, the oldest that is supported
	$(call install,.cache/sqlalchemy20,$$(cat .tools/python))
	$(UV) pip install --quiet --python .cache/sqlalchemy20 --no-deps sqlalchemy==2.0.51
	$(call test,$(CURDIR)/.cache/sqlalchemy20/bin)

.PHONY: test-fastapi163
test-fastapi163: $(UV) ## Run what stands on FastAPI with 0.163.0, the oldest that is supported
	$(call install,.cache/fastapi-lowest,$$(cat .tools/python))
	$(UV) pip install --quiet --python .cache/fastapi-lowest --no-deps fastapi==0.163.0
	.cache/fastapi-lowest/bin/python -m pytest tests/app tests/endpoints tests/http tests/idempotency -n 2 --dist loadgroup

.PHONY: test-postgres15
test-postgres15: $(STAMP) ## Run all tests on PostgreSQL 15 (POSTGRES15=directory of its programs)
	$(BIN)/python tools/with_postgres.py $(POSTGRES15) $(MAKE) test

.PHONY: schemathesis
schemathesis: $(STAMP) ## Try made-up requests on the shop over TCP, all checks (EXAMPLES=200)
	cd examples/shop && EXAMPLES=$(EXAMPLES) $(CURDIR)/$(BIN)/python -m pytest tests/fuzzing -q

.PHONY: bench
bench: $(STAMP) $(PEERS) ## Measure against the peers, into docs/benchmarks.md (QUICK=1: short)
	$(BIN)/python -m bench $(if $(QUICK),--quick)

.PHONY: chaos
chaos: $(STAMP) ## Break the running shop, check its promises, into docs/reliability.md (QUICK=1)
	$(BIN)/python -m chaos $(if $(QUICK),--quick)

.PHONY: bench-jobs
bench-jobs: $(STAMP) $(PEERS) ## Measure job queues, into docs/benchmarks-jobs.md (QUICK=1: short)
	$(BIN)/python -m bench.jobs $(if $(QUICK),--quick)

.PHONY: check-deep
check-deep: $(STAMP) ## Compare reads with Pydantic on thousands of generated tables, rows and models
	$(BIN)/python -m pytest tests/reads/test_equivalence.py --hypothesis-profile deep --timeout 0 -n 2

.PHONY: docs
docs: $(STAMP) ## Write the pages of docs/ that are generated from the code
	$(BIN)/python tools/reference.py

.PHONY: lock
lock: $(UV) ## Move the locked packages to their newest fitting versions
	echo uv | $(UV) pip compile - --upgrade --quiet --universal --generate-hashes \
		--python-version 3.11 --no-header --no-annotate --output-file requirements/uv.txt
	$(UV) pip compile pyproject.toml --extra auth --extra celery --extra embedded --extra mail \
		--extra testing --group dev \
		--upgrade --quiet --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command "make lock" --output-file requirements/dev.txt
	@mkdir -p .cache # SAQ wants an older client of Redis than the newest, which Celery would take.
	sed -n '/^[a-z]/{/^redis=/d;s/ \\$$//p;}' requirements/dev.txt >.cache/constraints.txt
	$(UV) pip compile requirements/bench.in --constraint .cache/constraints.txt --upgrade --quiet \
		--universal --generate-hashes --python-version 3.11 \
		--custom-compile-command "make lock" --output-file requirements/bench.txt

.PHONY: clean
clean: ## Remove what make installed (the data of the demo stays)
	rm -rf .venv .tools .cache bench/contestants/drizzle/node_modules examples/shop/.mypy_cache .mypy_cache .ruff_cache .import_linter_cache

$(UV): requirements/uv.txt tools/install-uv
	@echo "Installing uv into .tools (once)"
	@tools/install-uv
	@touch $@

$(STAMP): $(UV) requirements/dev.txt pyproject.toml examples/shop/pyproject.toml
	@echo "Installing the locked packages into .venv (once)"
	@$(call install,.venv,$$(cat .tools/python))

$(PEERS): $(UV) requirements/bench.txt
	@echo "Installing the locked packages of the peers into .cache/bench-env (once)"
	@$(UV) venv --quiet --clear --python "$$(cat .tools/python)" .cache/bench-env
	@$(UV) pip sync --quiet --python .cache/bench-env --require-hashes requirements/bench.txt
	@echo "$(CURDIR)" >$@
