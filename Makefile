# zmq-gateway: one word for each thing one does with it.
#
#   make test       everything a change must pass: build, unit tests, examples, end to end
#   make demo       a gateway with its own workers and a page at http://127.0.0.1:8080
#   make build      the debug build; make release, the fast one
#   make bench      the table of figures; make sanitize, the unit tests under ASan and TSan
#
# The end-to-end tests run the debug build that the unit tests were made with; ZMQ_GATEWAY_BIN=path takes another.
# PYTEST_ARGS and BENCH_ARGS go to pytest and to the benchmark: make test PYTEST_ARGS='-k rest -x'

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
DEBUG_BIN := .build/debug/zmq-gateway
RELEASE_BIN := .build/release/zmq-gateway
REQUIREMENTS := Tests/EndToEnd/requirements.txt

.PHONY: all deps build release test unit end-to-end examples venv demo bench bench-tools sanitize clean

all: build

deps:
	@scripts/deps test

build: deps
	swift build

release: deps
	swift build -c release

test: unit end-to-end

unit: deps
	swift build --build-tests
	swift test --skip-build

end-to-end: unit examples venv
	ZMQ_GATEWAY_BIN=$${ZMQ_GATEWAY_BIN:-$(CURDIR)/$(DEBUG_BIN)} $(VENV)/bin/python -m pytest Tests/EndToEnd $(PYTEST_ARGS)

examples: deps
	@$(MAKE) --no-print-directory -C examples OUT=$(CURDIR)/out/examples

# The stamp is as new as the requirements that are installed.
venv: $(VENV)/installed

$(VENV)/installed: $(REQUIREMENTS) | deps
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $(REQUIREMENTS)
	touch $@

demo: release
	$(RELEASE_BIN) demo

# Mongrel2 is a peer to compare with; the table goes without it where it is not installed.
bench: release examples venv bench-tools
	$(VENV)/bin/python Tests/Benchmarks/bench.py --gateway $(RELEASE_BIN) $(BENCH_ARGS)

bench-tools: deps
	@$(MAKE) --no-print-directory -C Tests/Benchmarks OUT=$(CURDIR)/out/benchmarks

# libzmq is not instrumented: what TSan believes to see inside it is nothing (scripts/tsan.supp).
sanitize: deps
	swift test --sanitize=address --scratch-path .build-asan
	TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/tsan.supp $$TSAN_OPTIONS" \
	    swift test --sanitize=thread --scratch-path .build-tsan

clean:
	rm -rf .build .build-asan .build-tsan out $(VENV)
