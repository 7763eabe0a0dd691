# Every command of the project. `make` alone lists them.

PYTHON := .venv/bin/python
NPM := $(PYTHON) -m local_stack.node

.PHONY: help setup run dev fmt unit check test browsers load demo bench crowd compare league soak chaos abuse compose-test screenshots animation lock clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

setup: ## Install everything that development needs
	@scripts/setup test

run: ## Run the whole chat room on this machine; Ctrl-C stops it
	@scripts/setup run
	@HOTCHAT_STOP_WITH_PARENT=1 exec $(PYTHON) -m local_stack run

dev: ## Run it for development: servers and page reload when sources change
	@scripts/setup test
	@HOTCHAT_STOP_WITH_PARENT=1 exec $(PYTHON) -m local_stack.dev

fmt: ## Format the code and fix what the linters can fix
	@scripts/setup test
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .
	@$(NPM) run --silent fix

unit: ## Run the unit tests, without stores: seconds
	@scripts/setup test
	@scripts/unit

check: ## Run the static checks: format, lint, types, imports, generated files
	@scripts/setup test
	@scripts/check

test: ## Run every check and test, on real stores and in a real browser
	@scripts/setup test
	@scripts/test

browsers: ## Run the main story in Firefox and WebKitGTK
	@scripts/setup test
	@scripts/setup browsers
	@exec $(PYTHON) -m pytest -W error tests/other_browsers

load: ## Run the JMeter plans; HOST=host:port names a running system
	@scripts/setup run
	@exec $(PYTHON) -m load_tests.jmeter $(ARGS)

demo: ## Show a running room that turns hot and cools, in two minutes
	@scripts/setup run
	@exec $(PYTHON) -m load_tests.demo $(ARGS)

bench: ## Measure performance, with references in the same run
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.bench

crowd: ## Let thousands of streams enter one room; ARGS="--streams 2000 --shape flash"
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.crowd $(ARGS)

compare: ## Measure the same crowd under each policy of hot rooms; ARGS="--page"
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.crowd.compare $(ARGS)

league: ## Measure Hotchat, Centrifugo and nchan with the same crowd; ARGS="--page"
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.league $(ARGS)

soak: ## Run steady load and watch memory and descriptors; MINUTES=30
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.soak $(if $(MINUTES),--minutes $(MINUTES))

chaos: ## Inject faults under load and count lost events; MINUTES= and SEED=
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

abuse: ## Attack a temporary stack and measure the effect on other users; ARGS="--only H4"
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.abuse $(ARGS)

compose-test: ## Build the containers and test them with the Docker engine of this machine
	@scripts/setup test
	@exec $(PYTHON) -m tests.compose

screenshots: ## Take the pictures in docs/images again
	@scripts/setup test
	@exec $(PYTHON) -m tests.browser.screenshots

animation: ## Film the show of `make demo` for the README
	@scripts/setup test
	@exec $(PYTHON) -m tests.browser.animation

lock: ## Update requirements/*.txt from pyproject.toml
	@scripts/setup test
	@scripts/lock

clean: ## Remove everything that was built; keeps the data in .hotchat
	rm -rf build dist frontend/dist frontend/node_modules .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
