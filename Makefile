# Every command a person needs; `make help` lists them. Each is a thin call of ansible-playbook, which works typed by hand too.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin
export ANSIBLE_FORCE_COLOR ?= $(if $(MAKE_TERMOUT),true,false)

# local (the embedded AWS), a stage, accounts, or access (of accounts, only who may go where)
STAGE ?= local
INVENTORY := inventories/$(if $(filter access,$(STAGE)),accounts,$(STAGE))
PLAYBOOK := playbooks/$(if $(filter access,$(STAGE)),converge_access,site).yml
ANSIBLE := ansible-playbook -i $(INVENTORY) $(if $(LIMIT),--limit '$(LIMIT)') $(if $(TAGS),--tags '$(TAGS)') $(ARGS)
# The options of one call by hand: make plan STAGE=preview ARGS='-v'
ARGS ?=
BUILD ?= build

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make .venv from the lock; install nginx where it may, or say that it is missing
	@bin/setup
	@bin/install_packages nginx /usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so

# A failing recipe makes GNU make exit with 2 whatever its own status was, which here says that changes are pending; on
# SIGQUIT it exits with 1.
fail := { kill -QUIT $$PPID; sleep 5; }

.PHONY: stage
stage: setup
	@test -d $(INVENTORY) || { echo "STAGE=$(STAGE) is unknown; allowed are local, preview, staging, production, accounts, access" >&2; $(fail); }
	@$(if $(filter local,$(STAGE)),python -m local_aws start)

##@ The estate
.PHONY: converge
converge: stage ## The main job: STAGE=local everything on the embedded AWS; a real STAGE plans, shows, asks, applies
ifeq ($(STAGE),local)
	@$(ANSIBLE) $(PLAYBOOK) && DM_PLAN_FILE=$(BUILD)/proof-$(STAGE).json $(ANSIBLE) playbooks/prove_estate.yml || $(fail)
else
	@$(MAKE) --no-print-directory plan || { [ $$? = 2 ] && bin/plan_file pending $(BUILD)/plan-$(STAGE).json; } || $(fail)
	@bin/plan_file confirm $(BUILD)/plan-$(STAGE).json $(STAGE) || $(fail)
	@$(MAKE) --no-print-directory apply PLAN=$(BUILD)/plan-$(STAGE).json || $(fail)
endif

# Runs a playbook in check mode and exits with 0, 2 or 1.
define check
@DM_PLAN_FILE=$(BUILD)/$@-$(STAGE).json $(ANSIBLE) $(1) --check --diff; \
bin/plan_file status $(BUILD)/$@-$(STAGE).json $$?; \
case $$? in 0) ;; 2) exit 2 ;; *) $(fail) ;; esac
endef

.PHONY: plan
plan: stage ## Show what would change: exit 0 nothing, 2 changes pending, 1 error
	$(call check,$(PLAYBOOK))

.PHONY: audit
audit: stage ## Read only: drift, unmanaged, MFA delete, replication, who may go where; exits like plan
	$(call check,playbooks/audit_estate.yml)

.PHONY: apply
apply: stage ## Carry out exactly PLAN=build/plan-STAGE.json, or stop because the world has moved since
	@test -f '$(PLAN)' || { echo "PLAN='$(PLAN)' is no file; make plan STAGE=$(STAGE) writes one" >&2; $(fail); }
	@mkdir -p $(BUILD); DM_PLAN_FILE=$(BUILD)/plan-$(STAGE)-now.json $(ANSIBLE) $(PLAYBOOK) --check > $(BUILD)/plan-$(STAGE)-now.txt || { cat $(BUILD)/plan-$(STAGE)-now.txt; $(fail); }
	@bin/plan_file same '$(PLAN)' $(BUILD)/plan-$(STAGE)-now.json || $(fail)
	@DM_PLAN_FILE=$(BUILD)/run-$(STAGE).json $(ANSIBLE) $(PLAYBOOK) -e '@$(PLAN)' || $(fail)

.PHONY: verify-assets
verify-assets: stage ## Fetch a canary of each public kind through the router, and see the private ones refused
	@DM_PLAN_FILE=$(BUILD)/verify-assets-$(STAGE).json $(ANSIBLE) playbooks/verify_assets.yml

.PHONY: access
access: stage ## Say who can reach which role in which account, through what; reads only (STAGE=accounts for the real ones)
	@$(ANSIBLE) playbooks/review_access.yml -e access_review_width=$$(tput cols 2>/dev/null || echo 120)

.PHONY: routes
routes: stage ## Say which public URL leads to which bucket; reads only
	@$(ANSIBLE) playbooks/show_routes.yml

##@ The embedded AWS
.PHONY: start
start: setup ## Start the embedded AWS of this checkout; converge does it too
	@python -m local_aws start

.PHONY: stop
stop: ## End the embedded AWS and the assets routers in front of it; nothing is left running
	@if [ -x .venv/bin/python ]; then \
	python roles/assets_router/files/local_router.py stop $(wildcard build/assets_router/*); python -m local_aws stop; fi

##@ Jenkins
.PHONY: provision-jenkins
provision-jenkins: setup ## Make the Jenkins host exist as declared; ARGS='--check --diff' only shows
	@DM_PLAN_FILE=build/run-provision.json ansible-playbook -i inventories/accounts playbooks/provision_jenkins.yml $(ARGS)

.PHONY: restore-jenkins
restore-jenkins: setup ## Drill: restore the newest snapshot on a scratch host, check it, tear it down
	@DM_PLAN_FILE=build/run-restore.json ansible-playbook -i inventories/accounts playbooks/restore_jenkins.yml $(ARGS)

# Every stage and the accounts at once: a new inventory gets its jobs by being there.
EVERY_INVENTORY := $(patsubst %/hosts.yml,-i %,$(wildcard inventories/*/hosts.yml))

.PHONY: jobs
jobs: setup ## Render a job per stage and purpose to build/jobs/xml, and check them
	@DM_PLAN_FILE=build/jobs.json ansible-playbook $(EVERY_INVENTORY) playbooks/render_jobs.yml $(ARGS)

.PHONY: update-jobs
update-jobs: setup ## Push them through Jenkins' API; ARGS=--check only shows. REMOVE=yes deletes what is no longer declared
	@DM_PLAN_FILE=build/run-jobs.json ansible-playbook $(EVERY_INVENTORY) playbooks/update_jobs.yml \
	  $(if $(filter yes,$(REMOVE)),-e jenkins_jobs_remove=true) $(ARGS)

.PHONY: configure-jenkins
configure-jenkins: setup ## Show what configuring the Jenkins host would change; APPLY=yes does it
	@ansible-playbook -i inventories/jenkins playbooks/configure_jenkins.yml --diff $(if $(filter yes,$(APPLY)),,--check) $(ARGS)

# What a host of STAGE is checked for, and the inventory's group of such hosts.
SUITE ?= $(if $(filter jenkins,$(STAGE)),jenkins,assets_router)
GROUP := $(patsubst assets_router,assets_routers,$(SUITE))
.PHONY: verify-host
verify-host: setup ## Check real hosts by SSH: STAGE=jenkins, STAGE=preview its assets router; or HOSTS=ssh://admin@… SUITE=…
	@pytest -p no:cacheprovider --sudo --hosts='$(or $(HOSTS),ansible://$(GROUP))' \
	  --ansible-inventory=inventories/$(STAGE) tests/hosts/$(SUITE)/verify $(ARGS)

.PHONY: test-jenkins
test-jenkins: setup ## Try the plugins, configuration, jobs and Jenkinsfile in a controller: JENKINS_WAR=… JENKINS_PLUGIN_MANAGER=…
	@test -f '$(JENKINS_WAR)' || { echo "JENKINS_WAR='$(JENKINS_WAR)' is no file; the tests of tests/jenkins_war say what else is needed" >&2; exit 1; }
	@JENKINS_WAR='$(abspath $(JENKINS_WAR))' JENKINS_PLUGIN_MANAGER='$(abspath $(JENKINS_PLUGIN_MANAGER))' \
	  JENKINS_PLUGIN_DIR='$(abspath $(JENKINS_PLUGIN_DIR))' pytest tests/jenkins_war $(ARGS)

##@ This project
.PHONY: test
test: setup ## Run every test; names what it skips and why. JUNIT=file writes a JUnit report
	@bin/install_packages
	@pytest -n auto --dist loadfile $(if $(JUNIT),--junitxml=$(JUNIT)) $(ARGS)

.PHONY: bench
bench: setup ## Measure beside the stock modules, bare boto3 and the original router; takes seven minutes of a quiet machine
	@python benchmarks/bench_buckets.py
	@python benchmarks/bench_access.py
	@python benchmarks/bench_router.py

.PHONY: lint
lint: setup ## Check style, types and roles, with the hooks that pre-commit runs
	@pre-commit run --all-files

.PHONY: lock
lock: setup ## Lock the newest dependencies that work together, with hashes
	@uv pip compile -q --upgrade --universal --python-version 3.12 --generate-hashes --no-header requirements-uv.in -o requirements-uv.lock
	@uv pip compile -q --upgrade --universal --python-version 3.12 --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## Remove what was built: build/ and .venv
	@if [ -x .venv/bin/python ]; then $(MAKE) --no-print-directory stop; fi
	@rm -rf build .venv
