# Two commands do everything: `make lab` and `make test`. Each installs what is missing first.
.PHONY: help lab test soak siege verify verify-planted check format build setup bench conformance conformance-plugin clients clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian and npm packages), build
	@tools/setup.sh

lab: setup ## run a whole cloud in a box, and prove its promises with packets
	@./manx lab demo

test: setup ## run every test
	@node tools/test.mjs

soak: setup ## the properties of the tests with new values, RUNS=n times; a failure says its seed
	@node tools/soak.mjs $(or $(RUNS),10)

siege: setup ## agents killed with -9 at 200 random moments under churn and attack; SEED=n replays
	@MANX_KILLS=200 MANX_SEED=$(or $(SEED),$$(date +%s)) node tools/test.mjs --project attacks kills

verify: setup ## random clouds, changes and faults in a lab: who reaches whom, told and tried; SEQUENCES=n SEED=n STEPS=n, REPLAY=file
	@SEQUENCES=$(SEQUENCES) SEED=$(SEED) STEPS=$(STEPS) REPLAY=$(REPLAY) node tests/dist/verify/run-verify.js

verify-planted: setup ## plant bugs in a copy of this tree, one at a time: does `make verify` find each?
	@node tests/dist/verify/plant-bugs.js

check: setup ## static checks alone: types, lint, format, import borders, dead code
	@node tools/check.mjs

format: ## put the source into its one format
	@npx biome check --write .

build: setup ## compile

bench: setup ## measure; results go to bench/RESULTS.md
	@node bench/dist/run.js

conformance: setup ## Tempest's network tests against a server with a real Keystone
	@dpkg-query -W tempest >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tempest
	@node tests/dist/conformance/run-conformance.js

conformance-plugin: setup ## the API tests that Neutron's own developers keep, against the same
	@dpkg-query -W neutron-tempest-plugin >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends neutron-tempest-plugin
	@node tests/dist/conformance/run-conformance.js '^neutron_tempest_plugin\.api\.'

clients: setup ## programs in Go (gophercloud) and Python (openstacksdk) against a server with a real Keystone
	@dpkg-query -W golang-go golang-github-gophercloud-gophercloud-dev >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends golang-go golang-github-gophercloud-gophercloud-dev
	@node tests/dist/clients/run-clients.js

clean: ## remove everything that was built or installed in this tree
	rm -rf node_modules packages/*/dist apps/*/dist lab/dist bench/dist tests/dist
	find . -name '*.tsbuildinfo' -delete
