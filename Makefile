# On a fresh machine: `make run` starts Motorpool with a demo fleet, `make test` runs the tests.
# Both set up what they need first, and only what changed since.

# The last file that the front end's build writes.
FRONT_END = web/static/vendor/built
# What the build leaves of Tabler's styles depends on what these name.
PAGES = $(shell find web -name '*.py' -o -path 'web/templates/*' -name '*.html' -o -name '*.js' -path 'web/static/*' -not -path '*/vendor/*')

run: .venv/python.made $(FRONT_END)
	@.venv/bin/motorpool up --demo

test: setup
	.venv/bin/pytest -n 3 --dist worksteal

check: .venv/development.made
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pip-audit --disable-pip --no-deps -r constraints.txt --progress-spinner off

# The words of the code into the catalogs of the other languages, where somebody then translates what is new.
words: .venv/development.made
	.venv/bin/pybabel -q extract -F pyproject.toml -k _l -k say --add-location=file --sort-by-file -o web/translations/words.pot .
	for file in web/translations/*.po; do .venv/bin/pybabel -q update -N --ignore-obsolete --omit-header -w 110 \
	    -l $$(basename $$file .po) -i web/translations/words.pot -o $$file; done
	rm web/translations/words.pot

bench: setup
	.venv/bin/motorpool bench ingest

setup: .venv/development.made $(FRONT_END) tests/community/node_modules
	@local/setup.sh chromium
	@local/setup.sh namespaces
	@.venv/bin/motorpool services fetch

.venv/python.made: pyproject.toml constraints.txt
	@local/setup.sh python
	@touch $@

.venv/development.made: .venv/python.made
	@local/setup.sh development
	@touch $@

node_modules/.made: .venv/python.made package.json package-lock.json
	@local/setup.sh front-end
	@touch $@

$(FRONT_END): node_modules/.made web/assets/build.mjs $(PAGES)
	@local/setup.sh build

# TimescaleDB's other edition, for the tests of what only it can do.
tests/community/node_modules: .venv/python.made tests/community/package.json tests/community/package-lock.json
	@local/setup.sh community
	@touch $@

.PHONY: run test check words bench setup
