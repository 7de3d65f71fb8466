# manus-sync. `make help` lists the targets; ARGS="…" goes on to the program that a target starts.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run dev build site test soak proof planted fuzz deny e2e screenshots load-page lighthouse clients lint api-docs sbom bench setup compiler clippy dist

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/manus-sync
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/manus-sync
export MANUS_SYNC_BIN ?= $(abspath $(BINARY))

# Tools. Each is a file that a rule below brings in when it is missing.
BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
BINDGEN := $(CACHE)/tools/wasm-bindgen-$(BINDGEN_VERSION)/bin/wasm-bindgen
# Takes the browser's program apart. Of one kind with the crate wasm_split_helpers in Cargo.toml.
SPLIT_VERSION := 0.2.4
SPLIT := $(CACHE)/tools/wasm-split-$(SPLIT_VERSION)/bin/wasm-split-cli
WASM_TARGET := $(shell rustc --print sysroot 2>/dev/null)/lib/rustlib/wasm32-unknown-unknown
DENY_VERSION := 0.20.2
DENY := $(CACHE)/tools/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
CLIENTS := server/tests/clients
CLIENTS_VENV := $(CACHE)/clients-$(shell cksum < $(CLIENTS)/requirements.txt | cut -d' ' -f1)
NODE_MODULES := end2end/node_modules/.package-lock.json
export CHROMIUM ?= /usr/bin/chromium

# The site: what the browser loads.
BROWSER := target/browser
BROWSER_SOURCES := $(shell find engine/src app/src frontend/src frontend/build.rs .cargo) Cargo.toml Cargo.lock \
	engine/Cargo.toml app/Cargo.toml frontend/Cargo.toml
BROWSER_TOOLS := $(NODE_MODULES) $(BINDGEN) $(SPLIT)
SITE_SOURCES := $(shell find style public) scripts/site.mjs

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: build ## Build what has changed and serve this folder's project on http://localhost:3334
	$(BINARY) $(ARGS)

dev: $(NODE_MODULES) $(BINDGEN) | compiler $(WASM_TARGET) ## Serve a debug build, built again whenever a source changes
	BINDGEN=$(BINDGEN) node scripts/dev.mjs $(ARGS)

build: site/.built | compiler ## Build target/release/manus-sync, with the site inside
	cargo build --release -p server

site: site/.built ## Build the site alone: WASM, CSS, fonts and icons, compressed

test: | compiler ## Run all tests: Rust, browser and Python
	cargo test --workspace --exclude frontend
	$(MAKE) --no-print-directory e2e
	$(MAKE) --no-print-directory clients
	if [ -d clients/python/tests ]; then python3 -m unittest discover -s clients/python/tests -t clients/python; fi

# Other histories each time; the first 10,000 are a matter of `make test`.
SEEDS ?= 10000
FIRST_SEED := $(or $(FIRST_SEED),$(shell date +%s))
soak: | compiler ## Play random histories against the rules, and the hub over failing disks, for long; SEEDS=N as many, FIRST_SEED=N from there
	@echo "Seeds from $(FIRST_SEED) on"
	SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) cargo test --release -p engine --test simulation -- --nocapture
	SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) cargo test --release -p hub --lib whatever_fails -- --nocapture

# What the witness sees of a server that is killed again and again under load.
OPERATIONS ?= 1000000
KILLS ?= 40
proof: | compiler ## Make a million calls over HTTP while the server is killed, and judge each answer; OPERATIONS=N, KILLS=N, FIRST_SEED=N
	@echo "Seeds from $(FIRST_SEED) on"
	OPERATIONS=$(OPERATIONS) KILLS=$(KILLS) FIRST_SEED=$(FIRST_SEED) \
		cargo test --release -p server --test it proof:: -- --nocapture

planted: | compiler ## Plant bugs one after the other, and see each of them found by the proofs
	scripts/planted.sh

fuzz: | compiler ## Let libFuzzer look for bytes that break something, MINUTES=1 for each target; TARGETS="patterns hooks"
	MINUTES=$(MINUTES) scripts/fuzz.sh

e2e: build $(NODE_MODULES) | $(CHROMIUM) ## Run the browser tests on the release build
	cd end2end && node_modules/.bin/playwright test $(ARGS)

screenshots: build $(NODE_MODULES) | $(CHROMIUM) ## Take the pictures in docs/screenshots anew, where the dashboard looks otherwise now
	cd end2end && node_modules/.bin/playwright test pictures --update-snapshots

load-page: build $(NODE_MODULES) | $(CHROMIUM) ## Measure the dashboard with 10,000 tasks, 500 agents and 200 events a second; MINUTES=10
	cd end2end && node_modules/.bin/playwright test --config measure/playwright.config.ts measure/load

lighthouse: build $(NODE_MODULES) | $(CHROMIUM) ## Measure the overview with Lighthouse, RUNS=3 times, as at a desk and on a telephone
	cd end2end && node_modules/.bin/playwright test --config measure/playwright.config.ts measure/lighthouse

clients: build $(CLIENTS_VENV)/.installed ## Run other people's clients against the release build: the MCP SDK, schemathesis
	cd $(CLIENTS)/.. && $(CLIENTS_VENV)/bin/python -m unittest discover -s clients -t . $(ARGS)

lint: $(NODE_MODULES) | compiler clippy $(WASM_TARGET) ## Check formatting, lints and types; every warning is an error
	cargo fmt --all --check
	cargo clippy --workspace --exclude frontend --all-targets -- -D warnings
	cargo clippy -p engine -p app -p frontend --features app/split --target wasm32-unknown-unknown -- -D warnings
	cd end2end && node_modules/.bin/tsc

api-docs: | compiler ## Bring docs/api.md up to date with the calls
	UPDATE_EXPECT=1 cargo test -p server --test it reference::the_page

# Without the advisories, which need RustSec's database: `cargo deny check advisories` fetches it.
deny: $(DENY) | compiler ## Check licences, sources and bans of all dependencies
	PATH="$(dir $(DENY)):$$PATH" cargo deny --offline --log-level error check licenses bans sources

sbom: | compiler ## Write target/sbom.json: what the binary is made of, as CycloneDX
	mkdir -p target
	node scripts/sbom.mjs > target/sbom.json

bench: build ## Measure makespans, throughput, latency, growth and recovery, and the same work done by others (docs/benchmarks.md)
	cargo bench -p server --bench load -- $(ARGS)

# Paths of this machine stay out of the program, so that another machine makes the same one. Optimised as a whole, which takes half
# as long again and makes the program a quarter smaller. In a folder of its own, since other flags would have everything built anew.
WHOLE = CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
REMAP = --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/source
dist: site/.built | compiler ## Build a release archive, with the installer and checksums, in dist/
	RUSTFLAGS="$(REMAP)" $(WHOLE) CARGO_INCREMENTAL=0 cargo build --release --locked -p server --target-dir $(TARGET)/dist
	deploy/archive.sh $(TARGET)/dist/release/manus-sync dist

setup: $(BROWSER_TOOLS) | compiler clippy $(WASM_TARGET) $(CHROMIUM) ## Install what is missing of the tools

# ---- what the targets need --------------------------------------------------------------------------------------

# Where the crates' sources lie: messages of the browser's program name them, and need not name this machine's folders.
CARGO_SOURCES := $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src/

# Of the frontend alone: a build together with the server would give it the server's features.
$(BROWSER)/manus-sync_bg.wasm: $(BROWSER_SOURCES) scripts/parts.mjs $(BROWSER_TOOLS) | compiler $(WASM_TARGET)
	cargo build -p frontend --features split --target wasm32-unknown-unknown --profile wasm-release \
		--config 'target.wasm32-unknown-unknown.rustflags = ["--remap-path-prefix=$(CARGO_SOURCES)="]'
	BINDGEN=$(BINDGEN) SPLIT=$(SPLIT) node scripts/parts.mjs \
		$(TARGET)/wasm32-unknown-unknown/wasm-release/frontend.wasm --out $(BROWSER)
	touch $@

site/.built: $(BROWSER)/manus-sync_bg.wasm $(SITE_SOURCES) $(NODE_MODULES)
	STRICT_BUDGETS=1 node scripts/site.mjs --browser $(BROWSER) --out site --compress
	touch $@

$(NODE_MODULES): end2end/package.json end2end/package-lock.json
	cd end2end && npm ci
	touch $@

# Debian has what makes virtual environments in a package of its own.
$(CLIENTS_VENV)/.installed: $(CLIENTS)/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { $(call apt,python3 python3-venv); }
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Not --locked: the tool's own lock file may name versions that were withdrawn since.
$(BINDGEN):
	cargo install wasm-bindgen-cli --version $(BINDGEN_VERSION) --root $(CACHE)/tools/wasm-bindgen-$(BINDGEN_VERSION)

$(SPLIT):
	cargo install wasm_split_cli_support --version $(SPLIT_VERSION) --features build-binary --root $(CACHE)/tools/wasm-split-$(SPLIT_VERSION)

$(DENY):
	cargo install cargo-deny --version $(DENY_VERSION) --locked --root $(CACHE)/tools/cargo-deny-$(DENY_VERSION)

$(WASM_TARGET):
	rustup target add wasm32-unknown-unknown

clippy:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy

# apt PACKAGES: installs Debian packages where that is possible, else says which to install.
apt = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(1); \
	else echo "Please install first: $(1)   (Debian: sudo apt-get install $(1))" >&2; exit 1; fi

compiler:
	@for tool in cargo node npm; do command -v $$tool >/dev/null || \
		{ echo "Please install first: $$tool   (README.md says what is needed)" >&2; exit 1; }; done
	@command -v cc >/dev/null || { $(call apt,gcc libc6-dev); }

$(CHROMIUM):
	@echo "The browser tests need Chromium; CHROMIUM=/path/to/chromium names one that is elsewhere."
	@$(call apt,chromium fonts-liberation)
