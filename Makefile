# Every command of the project. `make` alone lists them.
PY := .venv/bin/python
PIP := .venv/bin/pip install --quiet --disable-pip-version-check --progress-bar off
# lock: versions and hashes; txt: versions alone, for an index that rebuilds packages
REQUIREMENTS ?= lock
PORT ?= 8000
MINUTES ?= 30
# A run that hangs, be it after its last test, is a failure and says where it stood.
BOUNDED := timeout --signal=ABRT --kill-after=10 1500 env PYTHONFAULTHANDLER=1
RUFF_PATHS := src tests examples benchmarks docs requirements

.DEFAULT_GOAL := help
.PHONY: help run test check quick format services conformance bench soak growth docs web web-test web-unit web-tokens web-tokens-test lock audit sbom dist security clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.stamps/venv:
	@python3 -m venv .venv 2>/dev/null || (echo "python3-venv is missing: installing it" && apt-get update -q && apt-get install -qy python3-venv && python3 -m venv .venv)
	@mkdir -p .stamps && touch $@

install = $(PIP) -r requirements/$(1).$(REQUIREMENTS) || (echo "$(OTHER_HASHES)" && false)
OTHER_HASHES := Does your index rebuild packages? REQUIREMENTS=txt takes the pinned versions, whatever their hashes.

.stamps/run: requirements/run.$(REQUIREMENTS) pyproject.toml .stamps/venv
	@$(call install,run)
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.stamps/python: requirements/dev.$(REQUIREMENTS) .stamps/run
	@$(call install,dev)
	@touch $@

.stamps/node: tests/conformance/package-lock.json tests/conformance/latest/package-lock.json tests/browser/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix tests/conformance
	npm ci --silent --no-audit --no-fund --prefix tests/conformance/latest
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/browser
	@mkdir -p .stamps && touch $@

.stamps/ostiary-react: frontend/packages/ostiary-react/package-lock.json
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix frontend/packages/ostiary-react
	@mkdir -p .stamps && touch $@

.stamps/token-mode: frontend/examples/token-mode/package-lock.json .stamps/ostiary-react
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix frontend/examples/token-mode
	@touch $@

.stamps/web-packages: frontend/package-lock.json
	@# not npm ci, which wants the native parts of other platforms locked, too, wherever a registry lacks them
	npm install --silent --no-save --no-audit --no-fund --prefix frontend
	@mkdir -p .stamps && touch $@

WEB_SOURCES := $(shell find frontend -name node_modules -prune -o -name .next -prune -o -name artefacts -prune -o -path frontend/e2e -prune -o -path frontend/packages -prune -o -path frontend/examples -prune -o -type f -print 2>/dev/null)

.stamps/web-build: .stamps/web-packages $(WEB_SOURCES)
	npm run --silent --prefix frontend build
	@touch $@

.stamps/chromium:
	@test -x /usr/bin/chromium || (echo "Chromium is missing: installing it" && apt-get update -q && apt-get install -qy --no-install-recommends chromium)
	@mkdir -p .stamps && touch $@

run: .stamps/run  ## Make the environment, start the example application on SQLite
	PORT=$(PORT) $(PY) -m examples.tasks

web: .stamps/run .stamps/web-build  ## Start the example and its Next.js front end: http://127.0.0.1:3000
	@(cd frontend && PORT=3000 BACKEND_URL=http://127.0.0.1:$(PORT) exec node server.mjs) & frontend=$$!; \
	trap "kill $$frontend 2>/dev/null" EXIT INT TERM; \
	BETTER_AUTH_URL=http://127.0.0.1:3000 OSTIARY_TRUSTED_PROXIES=127.0.0.1 PORT=$(PORT) $(PY) -m examples.tasks

web-test: .stamps/python .stamps/web-build .stamps/chromium services  ## The front end in a browser, against the example on PostgreSQL
	npm run --silent --prefix frontend types
	npm run --silent --prefix frontend lint
	cd frontend && $(BOUNDED) npx playwright test

web-tokens: .stamps/run .stamps/token-mode  ## Start the example and a front end on another origin: http://127.0.0.1:5173
	@npm run --silent --prefix frontend/packages/ostiary-react build
	@PORT=8000 $(PY) -m examples.tasks & backend=$$!; \
	trap "kill $$backend 2>/dev/null" EXIT INT TERM; \
	npm run --silent --prefix frontend/examples/token-mode dev

web-tokens-test: .stamps/python .stamps/token-mode .stamps/chromium services  ## That front end in a browser, against the example on PostgreSQL
	npm run --silent --prefix frontend/packages/ostiary-react build
	cd frontend/examples/token-mode && npm run --silent check && $(BOUNDED) npm test --silent

services: .stamps/python  ## Find or start PostgreSQL, MariaDB and Redis for the tests
	$(PY) -m tests.services

test: .stamps/python .stamps/node .stamps/chromium services  ## Make the environment, run everything CI runs
	$(MAKE) check
	$(BOUNDED) $(PY) -m pytest tests -n 2 --dist loadfile --maxfail 20 --ignore tests/conformance --ignore tests/house
	$(BOUNDED) $(PY) -m pytest tests/conformance -n 0 --maxfail 20
	$(BOUNDED) $(PY) -m benchmarks.soak --minutes 2
	$(MAKE) web-unit
	$(MAKE) web-test
	$(MAKE) web-tokens-test
	@echo "all green"

check: .stamps/python  ## Format, lint, types, layers, house tests: before every commit
	.venv/bin/ruff format --check --quiet $(RUFF_PATHS)
	.venv/bin/ruff check --quiet $(RUFF_PATHS)
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m pytest tests/house -n 0

quick: .stamps/python  ## Everything that needs no service, in parallel
	$(PY) -m pytest tests/unit tests/property tests/contract tests/wire -m "not services" -n 2 --dist loadfile

format: .stamps/python  ## Format and repair what the linter can
	.venv/bin/ruff format $(RUFF_PATHS)
	.venv/bin/ruff check --fix $(RUFF_PATHS)

security: .stamps/python  ## The security requirements, each with its tests or the reason why it has none
	$(PY) -m tests.house.security

conformance: .stamps/python .stamps/node services  ## The real client and the real server against us
	$(PY) -m pytest tests/conformance -n 0

web-unit: .stamps/python .stamps/ostiary-react  ## The package for front ends on another origin
	cd frontend/packages/ostiary-react && npm run --silent check && npm run --silent build && $(BOUNDED) npm test --silent

bench: .stamps/python .stamps/node services  ## The benchmarks, beside the reference and three Python packages
	$(PY) -m benchmarks

soak: .stamps/python services  ## Four workers at half of what they can do; MINUTES=30
	$(PY) -m benchmarks.soak --minutes $(MINUTES)

growth: .stamps/python .stamps/node services  ## The cost of a request at ten million sessions; takes a while
	OSTIARY_BENCHMARK_SESSIONS=10000000 $(PY) -m benchmarks growth

HASHES := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-deps --no-annotate \
	--generate-hashes --system-certs --custom-compile-command "make lock"

lock: .stamps/python  ## Write the hash of every file that requirements/*.txt pin, from the index
	$(HASHES) requirements/run.txt -o requirements/run.lock
	$(HASHES) requirements/dev.txt -o requirements/dev.lock

audit: .stamps/python  ## Ask for known vulnerabilities of every package that is locked
	$(PY) -m requirements.audit

# The commit's own time, so that whoever builds it again gets the same bytes.
sbom dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
# Development packages are marked; npm's own way to omit them loses what is also needed elsewhere.
BILL := npm sbom --silent --package-lock-only --sbom-format cyclonedx

sbom: .stamps/python  ## Write the bills of materials of the server and the front ends, as CycloneDX
	$(PY) -m requirements.sbom dist/ostiary.cdx.json
	cd frontend && $(BILL) > ../dist/tasks-web.cdx.json
	cd frontend/packages/ostiary-react && $(BILL) > ../../../dist/ostiary-react.cdx.json

dist: .stamps/python  ## Build the package, source and wheel
	$(PY) -m hatchling build

docs: .stamps/python  ## Generate the reference pages from options, catalogue and routes
	$(PY) -m docs.generate

clean:  ## Remove environments and caches
	rm -rf .venv .stamps .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/conformance/node_modules tests/conformance/latest/node_modules tests/browser/node_modules frontend/packages/ostiary-react/node_modules frontend/examples/token-mode/node_modules frontend/node_modules frontend/.next
