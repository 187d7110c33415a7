# zmq-gateway. `make test` and `make demo` need only Swift 6.3 and apt.

SHELL := /bin/bash
VENV := .venv
OUT := out
PACKAGES := libzmq3-dev libmicrohttpd-dev libjansson-dev libyaml-dev zlib1g-dev libgnutls28-dev libmimalloc-dev cppzmq-dev gcc g++ make curl python3-venv
CFLAGS := -O2 -Wall -Wextra -Werror
EXAMPLES := $(OUT)/examples/rep_worker $(OUT)/examples/dealer_worker $(OUT)/examples/echo_worker \
            $(OUT)/examples/async_server $(OUT)/examples/flood_worker $(OUT)/examples/ready_worker
BENCHMARKS := $(addprefix $(OUT)/benchmarks/,stream_load session_load native_load fresh_identities mongrel2_handler proxy fanout_worker bare_sessions)

.PHONY: help deps build release examples test demo bench attack sanitize autobahn openapi clean

help:
	@echo "make demo      build, then serve six demo services and the console on http://127.0.0.1:8080"
	@echo "make test      install missing packages, build, run every test"
	@echo "make bench     measure, and compare with hello, Mongrel2 and aiohttp"
	@echo "make autobahn  run the Autobahn WebSocket suite, if its wstest is installed"
	@echo "make attack    attack a release build for ten minutes"
	@echo "make sanitize  run the Swift tests under the address and the thread sanitizer"
	@echo "make build     build .build/debug/zmq-gateway; make release builds .build/release/zmq-gateway"
	@echo "make examples  build the C and C++ workers into out/examples"
	@echo "make openapi   write openapi/openapi.json anew"

deps: $(OUT)/deps

$(OUT)/deps: Makefile
	@mkdir -p $(OUT)
	@scripts/install $(PACKAGES)
	@touch $@

build: deps
	swift build

release: deps
	swift build -c release

examples: deps $(EXAMPLES)

$(OUT)/examples/%: examples/c/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< -lzmq

$(OUT)/examples/%: examples/cpp/%.cpp
	@mkdir -p $(@D)
	$(CXX) $(CFLAGS) -std=c++17 -o $@ $< -lzmq -lpthread

$(OUT)/benchmarks/%: Tests/Benchmarks/load/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $< -lzmq

$(OUT)/benchmarks/%: Tests/Benchmarks/peers/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $< -lzmq

$(OUT)/tests/%.so: Tests/Faults/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(VENV)/ready: Tests/EndToEnd/requirements.txt | deps
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

test: build examples $(OUT)/tests/faults.so $(VENV)/ready
	@scripts/install chromium chromium-driver || echo "no chromium here: the tests in a browser are skipped"
	@scripts/install node-typescript || echo "no TypeScript here: the test of the client module's types is skipped"
	@scripts/install default-jdk-headless libjeromq-java || echo "no Java here: the tests of ZMTP 2.0 are skipped"
	swift test
	$(VENV)/bin/pytest -q Tests/EndToEnd

demo: release
	.build/release/zmq-gateway demo

bench: release examples $(BENCHMARKS) $(VENV)/ready
	@scripts/install wrk mongrel2-core || echo "some peers cannot be installed: their rows are left out"
	$(VENV)/bin/python Tests/Benchmarks/bench.py $(BENCH_ARGS)

attack: release examples $(VENV)/ready
	ZMQ_GATEWAY_BIN=$(CURDIR)/.build/release/zmq-gateway ATTACK_SECONDS=600 ATTACK_P99_MS=50 ATTACK_REPLY_BYTES=65536 \
	  $(VENV)/bin/pytest -q -s Tests/EndToEnd/test_attack.py

# The address sanitizer keeps freed memory in quarantine, so the tests that count resident memory are skipped.
sanitize: deps
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan --skip LeakTests
	TSAN_OPTIONS=suppressions=$(CURDIR)/scripts/tsan.supp swift test --sanitize=thread --scratch-path .build-tsan

# Runs the 517 cases of the Autobahn suite against an echo; WSTEST is the path of its wstest.
autobahn: release examples
	Tests/Autobahn/run $(OUT)/autobahn

openapi: build
	.build/debug/zmq-gateway openapi >openapi/openapi.json

clean:
	rm -rf .build .build-asan .build-tsan $(OUT) $(VENV)
