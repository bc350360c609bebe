# Every target documents itself: the text after its `##` is what `make help` prints.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin/python
NATIVE := $(wildcard bbans_cli/core/*.c bbans_cli/core/*.h bbans_cli/core/build.py)

.DEFAULT_GOAL := help
.PHONY: help build test test-wheel test-asan bench-core clean

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 16

$(VENV)/.installed: setup.cfg setup.py pyproject.toml $(NATIVE)
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable '.[test]'
	touch $@

build: $(VENV)/.installed ## compile the C core and install into VENV (default .venv)

test: build ## run the tests
	$(RUN) -m pytest -q

test-wheel: ## build a wheel, install it into an empty environment, use it from another folder
	sh scripts/test_wheel.sh $(PYTHON)

ASAN := -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
test-asan: build ## run the tests of the C core under the address and undefined-behaviour sanitizers (GCC, Linux)
	$(VENV)/bin/pip install --quiet setuptools cffi
	CC=gcc CFLAGS="$(ASAN)" BBC_DEBUG_CFLAGS=-O1 LDFLAGS="$(ASAN)" $(RUN) setup.py --quiet build --build-lib build/asan --build-temp build/asan-objects
	cd build/asan && LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
		$(abspath $(RUN)) -m pytest -q -c ../../pyproject.toml --rootdir ../.. -p no:cacheprovider $(ASAN_TESTS)
ASAN_TESTS := ../../tests/core

bench-core: build ## speed of the bare matrix product per instruction set
	$(RUN) scripts/bench_core.py

clean: ## remove everything that was built
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis bbans_cli/_core*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
