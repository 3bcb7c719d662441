# `make` lists the targets. `make demo` and `make test` set up everything they need in .venv first.

CONFIG ?= config/config.yaml
DEMO   := config/demo.yaml
GPUS   ?= 2
PYTHON ?= python3
BIN    := .venv/bin
SHELL  := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo tiny_base analyze generate train merge evaluate chat test check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(BIN)/.installed ## make .venv and install the pinned requirements

$(BIN)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "error: Python 3.10 or later is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing requirements.txt into .venv (a minute or more, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(BIN)/.installed-tests: $(BIN)/.installed tests/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

demo: setup ## the whole pipeline on this very repository, on a CPU, in minutes
	@python utils/tiny_base.py
	@python scripts/01_analyze_repo.py --config $(DEMO)
	@python scripts/02_generate_data.py --config $(DEMO)
	@deepspeed --num_gpus=2 scripts/03_train_model.py --config $(DEMO)
	@python scripts/04_merge_weights.py --config $(DEMO)
	@python scripts/05_evaluate.py --config $(DEMO)
	@python scripts/06_chat.py --config $(DEMO) 'In which file of repo-tuner is `encode_prompt` defined?'
	@python scripts/05_evaluate.py --config $(DEMO)

tiny_base: setup ## build the demo's base model (output/tiny_base)
	@python utils/tiny_base.py

analyze: setup ## 01: repository -> elements and call graph (CONFIG=config/config.yaml)
	@python scripts/01_analyze_repo.py --config $(CONFIG)

generate: setup ## 02: facts -> proven question/answer samples
	@python scripts/02_generate_data.py --config $(CONFIG)

train: setup ## 03: samples -> LoRA adapter (GPUS=2)
	@deepspeed --num_gpus=$(GPUS) scripts/03_train_model.py --config $(CONFIG)

merge: setup ## 04: base + adapter -> merged model
	@python scripts/04_merge_weights.py --config $(CONFIG)

evaluate: setup ## 05: base against fine-tuned, with a report
	@python scripts/05_evaluate.py --config $(CONFIG)

chat: setup ## 06: ask the model
	@python scripts/06_chat.py --config $(CONFIG)

test: $(BIN)/.installed-tests ## set up and run every test
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(BIN)/.installed-tests ## lint, format, types, tests
	@ruff check .
	@ruff format --check .
	@mypy
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

clean: ## remove what the tool and its checks made here; .venv and repos/ stay
	@find data output -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
