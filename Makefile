# Every target sets up what it needs: a virtual environment in .venv, the dependencies, and for tests a browser.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo pictures test test-fast versions bench lint docs translations valid audit mutants clean

help:
	@echo "make demo          serve the real cases on SQLite; prints where to click"
	@echo "make test          run every test; uses PostgreSQL, MariaDB and Redis where they answer"
	@echo "make test-fast     the tests that need no server, no browser and no time: SQLite alone, in a minute or two"
	@echo "make versions      a walk with the lowest versions that are declared, and one on Python 3.13 with the newest"
	@echo "make pictures      take the pictures of the README and the guides from the demo"
	@echo "make bench         measure against bare Flask (needs PostgreSQL and Redis)"
	@echo "make valid         every page and mail that the quick tests meet is valid HTML (needs Java, and npm once)"
	@echo "make audit         that; the desk at a million signatures; wapiti and sqlmap on the example site (takes an hour)"
	@echo "make mutants       small faults in the rooms where one does harm; the tests must find most of them (takes an hour)"
	@echo "make lint          ruff, mypy, import-linter, djlint"
	@echo "make docs          build the documentation"
	@echo "make translations  extract, update and compile the catalogues"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

pictures: $(STAMP)
	@$(BIN)/python -m tests.browser_setup
	@$(BIN)/python -m tests.pictures

demo: $(STAMP)
	@$(BIN)/python -m example_app

test: $(STAMP)
	@$(BIN)/python -m tests.browser_setup
	@$(BIN)/python -m tests

test-fast: $(STAMP)
	@$(BIN)/python -m tests --fast

versions: $(STAMP)
	@$(BIN)/python -m tests versions

# Each part runs to its end, whatever became of the one before.
bench: $(STAMP)
	@failed=0; for part in benchmarks benchmarks.intake benchmarks.journey benchmarks.events benchmarks.mails benchmarks.sections benchmarks.letters; do \
		echo "== $$part"; $(BIN)/python -m $$part || failed=1; \
	done; exit $$failed

# The scanners have requirements of their own, so they live apart.
AUDIT := .venv-audit
$(AUDIT)/.installed: pyproject.toml
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check 'wapiti3>=3.2,<4' 'sqlmap>=1.8'
	@touch $@

valid: $(STAMP)
	@$(BIN)/python -m tests.valid

audit: $(STAMP) $(AUDIT)/.installed
	@$(BIN)/python -m tests.valid; valid=$$?; $(BIN)/python -m benchmarks.desk; measured=$$?; $(BIN)/python -m benchmarks.scan --tools $(AUDIT)/bin && exit $$((valid + measured))

$(VENV)/.mutmut: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	@touch $@

mutants: $(VENV)/.mutmut
	@$(BIN)/python -m tests.mutants

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint flask_w4r/templates example_app/templates --check --quiet
	$(BIN)/djlint flask_w4r/templates example_app/templates --lint --quiet

docs: $(STAMP)
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

translations: $(STAMP)
	$(BIN)/pybabel extract -F babel.cfg --ignore-dirs='.*' -k _w4r -k _w4rn:1,2 -k lazy_gettext -k _l --no-wrap --sort-by-file --no-location --project flask_w4r --version 0.1 --copyright-holder "flask_w4r contributors" -o flask_w4r/translations/flask_w4r.pot flask_w4r
	$(BIN)/pybabel update -i flask_w4r/translations/flask_w4r.pot -d flask_w4r/translations -D flask_w4r --no-wrap --no-fuzzy-matching --ignore-obsolete
	$(BIN)/pybabel compile -d flask_w4r/translations -D flask_w4r --statistics

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest $(AUDIT) instance build docs/_build *.egg-info
