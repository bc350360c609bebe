# Every target documents itself: the text after its `##` is what `make help` prints.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin/python
NATIVE := $(shell find bbans_cli/core -name '*.[ch]' -o -name build.py)

.DEFAULT_GOAL := help
# No target is a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z0-9-]*\):.*/\1/p' $(MAKEFILE_LIST))

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 16

$(VENV)/.installed: setup.cfg setup.py pyproject.toml $(NATIVE)
	PYTHON=$(PYTHON) VENV=$(VENV) sh scripts/setup.sh

$(VENV)/.testing: $(VENV)/.installed
	PYTHON=$(RUN) sh scripts/extras.sh test
	touch $@

$(VENV)/.linting: $(VENV)/.testing
	PYTHON=$(RUN) sh scripts/extras.sh lint
	touch $@

$(VENV)/.measuring: $(VENV)/.testing
	PYTHON=$(RUN) sh scripts/extras.sh dev
	touch $@

build: $(VENV)/.installed ## compile the C core and install into VENV (default .venv)

PREFIX ?= $(HOME)/.local
install-desktop: build ## MIME type, thumbnails and opening for file managers, below PREFIX (default ~/.local)
	sh scripts/install_desktop.sh "$(PREFIX)" "$(abspath $(VENV))/bin/bbc"

demo: build ## set up, compress and restore the sample photograph, print what was saved
	VENV=$(VENV) sh scripts/demo.sh

lint: $(VENV)/.linting ## ruff, mypy --strict, import-linter, clang-format, and the C compilers with warnings as errors
	PYTHON=$(RUN) sh scripts/lint.sh

test-lint: $(VENV)/.linting ## see each tool of `make lint` fail on a fault made for it
	PYTHON=$(RUN) sh scripts/test_lint.sh

check: lint test ## what every commit must pass: lint and tests

check-all: check test-lint test-slow test-reference test-clang test-asan test-tsan test-train test-arm test-wheel wheels check-exact check-archive check-kept check-damage check-damaged-jpeg check-load ## all that is checked before a release

test: build ## run the tests
	VENV=$(VENV) sh scripts/check.sh

check-archive: $(VENV)/.testing ## compress 2,000 pictures on a Dask cluster while workers, scheduler and store fail
	BBC_ARCHIVE_PICTURES=2000 $(RUN) -m pytest -q -s tests/archive/test_failures.py

test-slow: $(VENV)/.testing ## run the tests that take long and seldom fail alone
	SLOW=1 VENV=$(VENV) sh scripts/check.sh

test-reference: $(VENV)/.testing ## decode all golden files by the second decoder, in Python; minutes
	BBC_ALL_GOLDEN=1 $(RUN) -m pytest -q tests/reference

test-train: $(VENV)/.testing ## compare the C core with torch, live; train in miniature
	PYTHON=$(RUN) sh scripts/extras.sh train
	$(RUN) -m pytest -q -m train

check-damaged-jpeg: $(VENV)/.testing ## 20,000 JPEG files damaged at random, through the API: each comes back byte for byte
	$(RUN) -m scripts.experiments.mutate_jpeg --whole $(BENCH)

check-kept: build ## what readers of other makers find in real files is found again or named; BBC_DATA, BBC_COLLECTIONS
	$(RUN) -m scripts.kept.check $(BENCH)

check-damage: build ## damage golden files, every bit of them within BENCH='--minutes N' a file: each gives the error of its class
	$(RUN) -m scripts.damage.check $(BENCH)

check-load: build ## a picture and a JPEG file of 100 Mpixel, 10,000 files, eight processes at once, kill -9 at 300 moments: memory, files, states
	$(RUN) -m scripts.load.check picture
	$(RUN) -m scripts.load.check jpeg
	$(RUN) -m scripts.load.check batch
	$(RUN) -m scripts.load.check together
	$(RUN) -m scripts.load.check kill

test-arm: $(VENV)/.testing ## run the whole bbc on aarch64, under qemu-user (Debian)
	sh scripts/release/test_arm.sh $(RUN)

check-exact: $(VENV)/.testing ## bits of kernels and files, compared among GCC, Clang, -O1 to -O3, and instruction sets; NEON under qemu
	$(RUN) -m scripts.exact.check $(BENCH)

test-wheel: ## build a wheel, install it into an empty environment, use it from another folder
	sh scripts/release/test_wheel.sh $(PYTHON)

wheels: $(VENV)/.testing ## wheels for Linux and macOS by Zig's compiler, below dist/, those for Linux run; the core for Windows, run under wine
	PYTHON=$(RUN) sh scripts/extras.sh wheels
	$(RUN) -m scripts.release.make_wheels
	$(RUN) -m scripts.release.make_windows
	sh scripts/release/test_arm.sh $(RUN) dist/bbans_cli-*aarch64.whl

MINUTES ?= 1
fuzz: $(VENV)/.testing ## fuzz every decoder and reader for MINUTES each (default 1): libFuzzer with sanitizers, atheris; a table
	PYTHON=$(RUN) sh scripts/extras.sh fuzz
	$(RUN) -m scripts.fuzz.run --minutes $(MINUTES)

test-clang: $(VENV)/.testing ## build with Clang, run the tests of the C core
	PYTHON=$(RUN) sh scripts/test_build.sh clang

test-asan: $(VENV)/.testing ## run the tests of the C core under the address and undefined-behaviour sanitizers (GCC, Linux)
	PYTHON=$(RUN) sh scripts/test_build.sh asan

test-tsan: $(VENV)/.testing ## run the tests that share a band among threads under the thread sanitizer (GCC, Linux)
	PYTHON=$(RUN) sh scripts/test_build.sh tsan

# BENCH has options for the measuring scripts: make bench BENCH='--sets kodak --levels 5'
bench: $(VENV)/.measuring ## sizes, speeds and memory against other formats, on the sets below BBC_DATA
	$(RUN) -m scripts.bench.bench $(BENCH)

bench-markdown: $(VENV)/.measuring ## the same, into docs/bench.md and the table of README.md
	$(RUN) -m scripts.bench.bench --markdown $(BENCH)

bench-core: build ## speed of the bare matrix product, and of coding beside it
	$(RUN) -m scripts.bench.core $(BENCH)

bench-codecs: $(VENV)/.measuring ## speed of single codecs beside constriction and rANS in numpy
	$(RUN) -m scripts.bench.codecs $(BENCH)

bench-archive: $(VENV)/.testing ## bbc batch: memory of a million entries, time for each file, two Dask workers beside -j2
	$(RUN) -m scripts.bench.archive memory
	$(RUN) -m scripts.bench.archive overhead
	$(RUN) -m scripts.bench.archive speed

bench-overhead: build ## bytes of a file that are not pixels
	$(RUN) -m scripts.bench.overhead $(BENCH)

bench-zarr: $(VENV)/.testing ## sizes of a photograph in Zarr beside its own codecs, into docs/zarr.md
	$(RUN) -m scripts.bench.zarr_sizes --markdown $(BENCH)

bench-jpeg: $(VENV)/.measuring ## whole JPEG files beside Lepton and JPEG XL: sizes and speeds
	$(RUN) -m scripts.bench.jpeg $(BENCH)

bench-jpeg-threads: $(VENV)/.testing ## two threads on a JPEG file of 3 MB beside one: processor time, and by the clock
	$(RUN) -m scripts.bench.jpeg_threads $(BENCH)

bench-threads: build ## two threads on a picture of a million pixels beside one, by the clock
	$(RUN) -m scripts.bench.threads $(BENCH)

bench-recover: build ## JPEG coefficients recovered from pixels: exact blocks, sizes, times
	$(RUN) -m scripts.bench.jpeg_inversion $(BENCH)

bench-bands: build ## height of bands against bytes, memory and speed, into docs/bands.md
	$(RUN) -m scripts.bench.bands --markdown $(BENCH)

bench-split: $(VENV)/.measuring ## screens with photographs on them, split and as one picture, into docs/kinds.md
	$(RUN) -m scripts.bench.split --markdown $(BENCH)

bench-against: build ## bytes and processor time beside another build: OTHER=path/to/bbc BENCH='[options] PICTURE...'
	$(RUN) -m scripts.bench.versions $(OTHER) $(BENCH)

ablation: build ## what each part of the model is worth in bits, into docs/experiments.md
	$(RUN) -m scripts.experiments.ablation --markdown $(BENCH)

bbans-mnist: build ## BB-ANS on MNIST: rates, bounds and seconds of the test set in one chain (BBC_DATA has mnist/)
	$(RUN) -m scripts.experiments.bbans_mnist $(BENCH)

hilloc: build ## HiLLoC on photographs: trained on 32x32 alone, rates and bounds at every size, and one file's cost
	$(RUN) -m scripts.experiments.hilloc_photos $(BENCH)

front: $(VENV)/.measuring ## size against time with other formats, a picture in docs/
	$(RUN) -m scripts.bench.front $(BENCH)

kodak-lattice: build ## which share of the colours of Kodak and other sets a PhotoCD can hold
	$(RUN) -m scripts.experiments.kodak_lattice $(BENCH)

CONFIG ?= default
train: $(VENV)/.testing ## train as CONFIG says: default, then thumbnails and camera, best, then thumbnails-best and camera-best, fast, fitted; into trained/, six hours at most, goes on after a stop
	PYTHON=$(RUN) sh scripts/extras.sh train
	$(RUN) -m scripts.training.train $(CONFIG) $(BENCH)

manifest: build ## hashes, sources and licences of the pictures below BBC_DATA/train, into weights/training-pictures.tsv
	$(RUN) -m scripts.training.manifest $(BENCH)

plots: $(VENV)/.measuring ## curves of the training runs whose logs lie in weights/
	$(RUN) -m scripts.training.plot_training weights/*.jsonl

page-image: $(VENV)/.testing ## screenshot of `bbc page` for README.md, by Debian's chromium and chromium-driver, into docs/images/
	$(RUN) -m scripts.release.make_page_image

weights-record: build ## the list in weights/README.md, from what the weights carry
	$(RUN) -m scripts.training.weights_record

clean: ## remove everything that was built
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis bbans_cli/_core*.so $(VENV)/.installed
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
