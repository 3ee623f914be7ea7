# `make` lists the targets. Each creates the environments that it needs, as .venv folders in this checkout.

.DEFAULT_GOAL := help
.PHONY: help demo sandbox test test-fast test-long lowest newest check lint types drift update rehearsal drift-report contract generate api-snapshot wheel docs screenshots page-pictures build release bench chaos soak prism lock clean environment interpreter onboarding

# The oldest and the newest supported Python of this machine. To choose one: `make PYTHONS=python3.12 test`.
PYTHONS := $(shell sh tools/interpreters)
RUN := .venv/bin/python
# Tests wait now and then, so three workers keep two processors busy.
export WORKERS := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))

# Where it is set, every worker of pytest and every program that a test starts compiles each module anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

interpreter:
	@test -n "$(PYTHONS)" || { echo "No Python 3.11 or newer with venv and pip was found; name one: make PYTHONS=/path/to/python" >&2; exit 1; }

environment: interpreter
	@sh tools/environment $(firstword $(PYTHONS)) .venv

demo: environment ## Send every documented message to the sandbox and show each one's result
	@$(RUN) -m examples.demo

sandbox: environment ## Start the sandbox: be the customer in a browser (with options: make sandbox OPTIONS="--port 0")
	@$(RUN) -m connectly_api.sandbox $(OPTIONS)

test: environment ## Run the tests with branch coverage, on the oldest supported Python found
	@sh tools/test

test-fast: environment ## Run most tests in under a minute, without coverage: none that is marked slow, once or long
	@$(RUN) -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not once and not long"

test-long: environment ## Run the long tests: every byte, step and case, crowds at real servers, kills, all property tests' examples
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal -m "long or hypothesis" --hypothesis-profile thorough

# What is shipped. Tests that need a framework or the locked development tools are left out.
SHIPPED := -q -n $(WORKERS) --dist worksteal -m "not long and not once" --ignore=tests/transport/test_threads.py \
	--ignore=tests/webhooks/test_cancelled_views.py --ignore=tests/webhooks/test_order_service.py \
	--ignore=tests/webhooks/test_recipes.py

lowest: interpreter ## Test what is shipped with the lowest versions that pyproject.toml allows
	@sh tools/environment $(firstword $(PYTHONS)) .venv-lowest lowest
	.venv-lowest/bin/python -m pytest $(SHIPPED) tests/transport tests/webhooks tests/cli \
		tests/sandbox/test_server.py tests/sandbox/test_api.py tests/sandbox/test_faults.py tests/sandbox/test_validation.py \
		tests/test_client.py tests/test_error_table.py tests/test_telemetry.py
	@sh tools/environment $(lastword $(PYTHONS)) .venv-lowest-newest lowest
	.venv-lowest-newest/bin/python -m pytest $(SHIPPED) tests/test_client.py \
		tests/transport/test_adapters.py tests/transport/test_cancellation.py tests/sandbox/test_server.py

# Nothing is locked here, so that a release which breaks the package fails a check.
newest: environment ## Test what is shipped with the newest versions that pyproject.toml allows
	$(lastword $(PYTHONS)) -m venv --clear --without-pip .venv-newest
	$(RUN) -m uv pip install --quiet --python .venv-newest --requirement pyproject.toml --all-extras \
		--requirement requirements/lowest.in
	.venv-newest/bin/python -m pytest $(SHIPPED) tests/cli tests/test_client.py tests/test_recipients.py \
		tests/test_telemetry.py tests/transport/test_adapters.py tests/transport/test_cancellation.py \
		tests/webhooks/test_webhook_app.py tests/sandbox/test_server.py tests/sandbox/test_api.py tests/sandbox/test_validation.py

# CI adds onboarding, test-long, lowest, newest and rehearsal: see .ci/run.
check: lint types drift test wheel docs ## Run the checks to pass before a commit
	@sh tools/programs

lint: environment ## Check style: rules and format with ruff; the sandbox's page with Biome and tsc, where Node is
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	@sh tools/lint_page

types: environment ## Check types with mypy --strict and pyright strict
	$(RUN) -m mypy
	$(RUN) -m pyright

drift: environment ## Check that the generated code is up to date: lowlevel, the synchronous classes, the replies
	$(RUN) -m codegen check
	$(RUN) -m tools.twins --check

update: environment ## Replace service.swagger.json and renew what is derived from it: make update FILE=path-or-address
	@test -n "$(FILE)" || { echo "Name the file: make update FILE=path-or-address" >&2; exit 2; }
	$(RUN) -m codegen update "$(FILE)"

# It runs `make check`, so it is no part of it.
rehearsal: environment ## Run docs/update.md, command by command, in a clone with a new file of the vendor
	$(RUN) -m pytest -m rehearsal tests/test_update_page.py

contract: environment ## Check the client and the sandbox (or a live service) against service.swagger.json
	$(RUN) -m pytest tests/contract

drift-report: environment ## Show the effect of about eighty possible changes of service.swagger.json
	@$(RUN) -m tests.codegen.catalogue

generate: environment ## Regenerate lowlevel from service.swagger.json, and the synchronous classes and the replies
	$(RUN) -m codegen generate
	$(RUN) -m tools.twins

api-snapshot: environment ## Update tests/api; refuses breaking changes that the changelog does not announce
	$(RUN) -m tools.api_snapshot

wheel: build ## Build the wheel and test it outside the checkout, on the newest Python found
	$(RUN) -m tools.wheel_test $(lastword $(PYTHONS))

docs: interpreter ## Build the site into site/ and check its links, its names, and that it loads nothing external
	@sh tools/environment $(firstword $(PYTHONS)) .venv-docs docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --quiet
	.venv-docs/bin/python -m tools.site_check

screenshots: docs ## Check every page in Chromium: desktop and phone, light and dark (needs Node and Chromium)
	npm install --no-fund --no-audit --no-save --prefix .playwright playwright-core@1 axe-core@4
	node tools/screenshots.mjs

page-pictures: environment ## Draw the sandbox's page for its documentation (needs Chromium)
	@$(RUN) -m tools.page_pictures

build: environment ## Build and check the sdist and the wheel in dist/
	$(RUN) -m tools.release check
	rm -rf dist
	$(RUN) -m build --no-isolation
	$(RUN) -m twine check --strict dist/*
	$(RUN) -m tools.release files dist

release: environment ## Set the version and the changelog's heading: make release VERSION=1.2.0
	$(RUN) -m tools.release set $(VERSION)

onboarding: environment ## Time the path from a clone to the first webhook, by the README and the quick start
	$(RUN) -m tools.onboarding

bench: environment ## Run the benchmarks, side by side with other packages, and write docs/benchmarks.md
	@sh tools/environment $(firstword $(PYTHONS)) .venv-bench bench
	.venv-bench/bin/python -m benchmarks.imports
	.venv-bench/bin/python -m benchmarks.send_rates --write
	.venv-bench/bin/python -m benchmarks.failures
	.venv-bench/bin/python -m benchmarks.webhook_rates
	.venv-bench/bin/python -m benchmarks.drift_cost
	.venv-bench/bin/python -m benchmarks.sandbox_rates
	.venv-bench/bin/python -m benchmarks.send_soak
	$(RUN) -m benchmarks.campaign_rates

chaos: environment ## Kill processes that run campaigns, 201 times over 51,000 rows, and print what came of it (10 minutes)
	@sh tools/programs
	@$(RUN) -m tests.campaigns.chaos

soak: environment ## Send 100,000 messages through the sandbox under mixed faults, and check memory
	$(RUN) -m tests.sandbox.soak

prism: environment ## Validate the client's requests with Prism (needs Node)
	npm install --no-fund --no-audit --no-save --prefix .prism @stoplight/prism-cli@5
	$(RUN) -m pytest tests/sandbox/test_prism.py

lock: environment ## Update the locked requirements: versions and hashes, no addresses
	sh tools/lock

clean: ## Remove what the other targets created
	rm -rf tools/javascript/node_modules .playwright .prism .screenshots .venv* .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist site
