# Every command a person needs; `make help` lists them. Each is a thin call of ansible-playbook, which works typed by hand too.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STAGE ?= local
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make .venv from the lock and install the Debian packages that are missing
	@bin/setup

.PHONY: lock
lock: setup ## Lock the newest dependencies that work together, with hashes
	@uv pip compile -q --upgrade --universal --python-version 3.12 --generate-hashes --no-header requirements-uv.in -o requirements-uv.lock
	@uv pip compile -q --upgrade --universal --python-version 3.12 --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## Remove what was built: build/ and .venv
	@rm -rf build .venv
