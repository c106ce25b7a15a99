# Everything a person types. `make help` lists it.
STACK ?= dev
MODE ?= auto
export STACK MODE SHOW_SECRETS FORMAT NODES
export PATH := $(CURDIR)/.tools/uv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup up preview down output status verify dns-check mend reboot lab-start unlock test chaos lint format unit bench docs clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Packages, uv and the Python environment; does nothing when they are there
	@tools/setup.sh

up: setup ## Bring up the stack (STACK=dev): hosts, FoundationDB, Stalwart, proved by mail
	@tools/stack.sh up

preview: setup ## Show what `make up` would do
	@tools/stack.sh preview

down: setup ## Remove the stack and all that it made
	@tools/stack.sh destroy

output: setup ## Show the stack's outputs; the secret ones too with SHOW_SECRETS=1
	@tools/stack.sh output

status: setup ## Show the live state of every node and what differs from the stack; FORMAT=json for programs
	@tools/stack.sh status

verify: setup ## Verify delivery: mail from outside and back, SPF, DKIM, DMARC, IDLE, Sieve, JMAP; FORMAT=json for programs
	@tools/stack.sh verify

dns-check: setup ## Ask name servers and resolvers for every record: right, missing or different; FORMAT=json for programs
	@tools/stack.sh dns-check

mend: setup ## Run every step on the hosts once more: each puts right what differs from the stack
	@tools/stack.sh mend

reboot: setup ## Reboot the nodes one after the other, each in its turn (NODES="mx2" for some)
	@tools/stack.sh reboot

lab-start: setup ## Boot the lab hosts again after a reboot of this machine
	@tools/lab.sh start

unlock: setup ## Free a stack whose last run was killed
	@tools/stack.sh unlock

test: setup lint ## Every tier of tests
	@tools/test.sh

unit: setup ## The tests that need neither root nor the engine
	@uv run --frozen pytest -q -n auto -m "not engine and not lab"

chaos: setup ## Hurt lab hosts while mail comes in, every case: an hour and more
	@tools/chaos.sh

lint: setup ## Every checker
	@tools/lint.sh

format: setup ## Format Python and bash
	@uv run --frozen ruff format --quiet .
	@uv run --frozen ruff check --quiet --fix .
	@uv run --frozen shfmt -w tools scripts

docs: setup ## Write docs/configuration.md from the models
	@uv run --frozen python -m tools.configuration > docs/configuration.md

bench: setup ## Measure; results and pictures go to benchmarks/results/
	@PYTHONPATH=scripts uv run --frozen python -m benchmarks

clean: ## Remove what the tools made here; state of stacks is kept
	rm -rf .tools .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
