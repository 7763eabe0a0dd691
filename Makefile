# One command for everything. `make` alone lists them.

PYTHON := .venv/bin/python

.PHONY: help setup run test check load bench chaos abuse soak demo screenshots compose-test lock clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

setup: ## Make .venv and install everything that developing needs
	@scripts/setup test

run: ## Run the whole chat room here; Ctrl-C stops it
	@scripts/setup run
	@HOTCHAT_STOP_WITH_PARENT=1 exec $(PYTHON) -m local_stack run

test: ## Run every check and test on real stores and a real browser
	@scripts/setup test
	@scripts/test

check: ## Run the static checks only
	@scripts/setup test
	@scripts/check

load: ## Fire the JMeter plans; HOST=host:port names a running system
	@scripts/setup run
	@exec $(PYTHON) -m load_tests.jmeter $(ARGS)

bench: ## Print figures beside their references; plots for docs/performance.md
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.bench

chaos: ## Break parts under load and count what was lost; MINUTES= and SEED=
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

abuse: ## Attack a stack of its own and show what a bystander notices; ARGS="--only H4"
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.abuse $(ARGS)

soak: ## Half an hour of steady load, memory and descriptors watched; MINUTES=
	@scripts/setup test
	@exec $(PYTHON) -m load_tests.soak $(if $(MINUTES),--minutes $(MINUTES))

demo: ## A synthetic crowd in a live room
	@scripts/setup run
	@exec $(PYTHON) -m load_tests.demo $(ARGS)

screenshots: ## Take the pictures in docs/images anew, of the real page on the real stack
	@scripts/setup test
	@exec $(PYTHON) -m tests.browser.screenshots

compose-test: ## Build and try the containers on the engine that is here
	@scripts/setup test
	@exec $(PYTHON) -m tests.compose

lock: ## Make requirements/*.txt anew
	@scripts/setup test
	@scripts/lock

clean: ## Remove what was built; data in .hotchat stays
	rm -rf build dist frontend/dist frontend/node_modules .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
