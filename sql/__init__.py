"""All that speaks Postgres: pool, migrations, named queries, and the rules shared by web and jobs."""
