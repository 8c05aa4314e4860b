# The names of bin/estate's commands, so that `make plan STAGE=preview` does what `bin/estate plan STAGE=preview` does.
# make itself turns every failure into 2: whatever decides by the status calls bin/estate.
SHELL := /bin/sh
.DEFAULT_GOAL := help

COMMANDS := converge check plan apply prove audit validate-trails compare hosts merge summary grants verify-assets prove-backups withdraw access routes start \
  stop   provision-jenkins restore-jenkins jobs update-jobs configure-jenkins verify-host test-jenkins lock-plugins setup test lint bench docs lock clean help

# What was said on the command line, each word quoted for the shell.
WORDS = $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),'$(name)=$(subst ','\'',$(value $(name)))'))

.PHONY: $(COMMANDS)
$(COMMANDS):
	@command -v python3 >/dev/null || { echo "there is no python3: install the packages python3 and python3-venv" >&2; exit 1; }
	@bin/estate $@ $(WORDS)

# Any other name, for bin/estate to say what there is.
.DEFAULT:
	@bin/estate $@ $(WORDS)
