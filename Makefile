# Bare `make` lists the verbs. Each sets up what it needs, in .venv folders of this checkout.

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-long lowest check lint types drift update drift-report contract generate api-snapshot wheel docs screenshots build release bench soak prism lock clean environment interpreter newcomer

# The oldest and the newest supported interpreter of this machine; `make PYTHONS=python3.12 test` names others.
PYTHONS := $(shell sh tools/interpreters)
RUN := .venv/bin/python

# Where it is set, every worker of pytest and every program that a test starts compiles each module anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

interpreter:
	@test -n "$(PYTHONS)" || { echo "No Python 3.11, 3.12 or 3.13 with pip was found; name one: make PYTHONS=/path/to/python" >&2; exit 1; }

environment: interpreter
	@sh tools/environment $(firstword $(PYTHONS)) .venv

demo: environment ## Send every documented message to the sandbox, and show what became of each
	@$(RUN) -m examples.demo

test: environment ## Run the tests, with branch coverage, on the oldest Python found here
	@sh tools/test

test-fast: environment ## Run the tests in under a minute, while you write: no coverage, and none that is marked slow, once or long
	@$(RUN) -m pytest -q -n auto --dist worksteal -m "not slow and not once and not long"

test-long: environment ## Run the sweeps that are too long for every change, and the property tests with all their examples
	$(RUN) -m pytest -n auto --dist worksteal -m "long or hypothesis" --hypothesis-profile thorough

# What needs frameworks, or the newest tools of development, is left out.
LOWEST := -m "not long and not once" --ignore=tests/transport/test_threads.py --ignore=tests/webhooks/test_order_service.py --ignore=tests/webhooks/test_recipes.py

lowest: interpreter ## Run the tests of what is shipped with the lowest versions that pyproject.toml allows
	@sh tools/environment $(firstword $(PYTHONS)) .venv-lowest lowest
	.venv-lowest/bin/python -m pytest -q -n auto --dist worksteal $(LOWEST) tests/transport tests/webhooks tests/cli \
		tests/sandbox/test_server.py tests/sandbox/test_app.py tests/sandbox/test_faults.py tests/sandbox/test_validation.py \
		tests/test_client.py tests/test_error_table.py tests/test_telemetry.py
	@sh tools/environment $(lastword $(PYTHONS)) .venv-lowest-newest lowest
	.venv-lowest-newest/bin/python -m pytest -q -n auto --dist worksteal $(LOWEST) tests/test_client.py \
		tests/transport/test_adapters.py tests/transport/test_cancellation.py tests/sandbox/test_server.py

# The contract with the service and the public API's are among the tests.
check: lint types drift test test-long lowest wheel docs ## Everything that CI asks for

lint: environment ## Check style: ruff's rules and format
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: environment ## Check types: mypy --strict and pyright strict, ours and our users'
	$(RUN) -m mypy
	$(RUN) -m pyright

drift: environment ## Check that the generated code is what service.swagger.json says
	$(RUN) -m codegen check

update: environment ## Put a new file of the vendor in place, and all that follows: make update FILE=path-or-address
	@test -n "$(FILE)" || { echo "Say which: make update FILE=path-or-address" >&2; exit 2; }
	$(RUN) -m codegen update "$(FILE)"

contract: environment ## Hold the facade and a service (the sandbox, or the one that is named) against service.swagger.json
	$(RUN) -m pytest tests/contract

drift-report: environment ## Show what each of some eighty changes that the vendor could make comes to
	@$(RUN) -m tests.codegen.catalogue

generate: environment ## Regenerate connectly_api/lowlevel from service.swagger.json
	$(RUN) -m codegen generate

api-snapshot: environment ## Write the public names and signatures to tests/api; breaking ones only if the changelog says so
	$(RUN) -m tools.api_snapshot

wheel: build ## Test the wheel in dist/ on the newest Python found here, outside the checkout
	$(RUN) -m tools.wheel_test $(lastword $(PYTHONS))

docs: interpreter ## Build the site into site/, and check its links, its names, and that it loads nothing from elsewhere
	@sh tools/environment $(firstword $(PYTHONS)) .venv-docs docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --quiet
	.venv-docs/bin/python -m tools.site_check

screenshots: docs ## Look at every page in Chromium, at desktop and phone width, light and dark (needs Node and Chromium)
	npm install --no-fund --no-audit --no-save --prefix .playwright playwright-core@1 axe-core@4
	node tools/screenshots.mjs

build: environment ## Build the sdist and the wheel into dist/, and check them
	$(RUN) -m tools.release check
	rm -rf dist
	$(RUN) -m build --no-isolation
	$(RUN) -m twine check --strict dist/*
	$(RUN) -m tools.release files dist

release: environment ## Set a version, and the changelog's heading: make release VERSION=1.2.0
	$(RUN) -m tools.release set $(VERSION)

newcomer: environment ## Time the way from a clone to the first webhook, by the README and the quick start alone
	$(RUN) -m tools.newcomer

bench: ## Measure this package next to others, and write docs/benchmarks.md
	@sh tools/environment $(firstword $(PYTHONS)) .venv-bench bench
	.venv-bench/bin/python -m benchmarks.imports
	.venv-bench/bin/python -m benchmarks.send_rates --write
	.venv-bench/bin/python -m benchmarks.failures
	.venv-bench/bin/python -m benchmarks.webhook_rates
	.venv-bench/bin/python -m benchmarks.sandbox_rates
	.venv-bench/bin/python -m benchmarks.send_soak

soak: environment ## Send 100,000 messages through the sandbox under mixed faults, in bounded memory
	$(RUN) -m tests.sandbox.soak

prism: environment ## Let Prism, an independent reader of service.swagger.json, judge what the facade sends (needs Node)
	npm install --no-fund --no-audit --no-save --prefix .prism @stoplight/prism-cli@5
	$(RUN) -m pytest tests/sandbox/test_prism.py

lock: environment ## Lock the requirements anew: versions and hashes, no addresses
	sh tools/lock

clean: ## Remove what the other verbs made
	rm -rf .playwright .prism .screenshots .venv* .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist site
