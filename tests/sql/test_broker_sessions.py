"""Who answers for which session at the broker: one worker each, and none of a copy of the database."""

from urllib.parse import urlsplit

import psycopg

from sql.pool import connect
from sql.queries import queries

SESSION = {"broker": "broker:1883", "client_id": "ingest"}


def claim(connection: psycopg.Connection, worker: str, *filters: str) -> list[str]:
    known: list[str] = queries.claim_session(connection, **SESSION, worker=worker, filters=list(filters))
    return sorted(known)


def test_who_claims_a_session_hears_of_all_that_it_may_be_subscribed_to(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        assert claim(connection, "a", "x", "y") == ["x", "y"]
        assert claim(connection, "b", "$share/s/x") == ["$share/s/x", "x", "y"]
        queries.narrow_session(connection, **SESSION, worker="a", filters=["x"])
        assert claim(connection, "b", "z") == ["$share/s/x", "x", "y", "z"]
        queries.narrow_session(connection, **SESSION, worker="b", filters=["z"])
        assert claim(connection, "b", "z") == ["z"]


def test_of_several_that_adopt_a_session_one_gets_it_and_its_worker_may_come_back(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        claim(connection, "gone", "x")
        ((*_, seen_at),) = queries.list_broker_sessions(connection)
        adopt = [
            queries.adopt_session(connection, **SESSION, worker=worker, seen_at=seen_at) for worker in "ab"
        ]
        assert adopt == [1, 0]
        assert list(queries.renew_sessions(connection, worker="gone")) == []
        claim(connection, "back", "x")
        assert queries.forget_session(connection, **SESSION, worker="a") == 0
        assert [worker for *_, worker, _ in queries.list_broker_sessions(connection)] == ["back"]


def test_a_copy_of_the_database_knows_no_session_of_the_original(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        claim(connection, "original", "x")
    name = urlsplit(database_url).path[1:]
    admin_url = urlsplit(database_url)._replace(path="/postgres").geturl()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        try:
            with connect(f"{database_url}_copy", "test", autocommit=True) as connection:
                assert connection.execute("SELECT count(*) FROM broker_sessions").fetchone() == (1,)
                assert list(queries.list_broker_sessions(connection)) == []
                claim(connection, "copy", "x")
                assert len(list(queries.list_broker_sessions(connection))) == 1
        finally:
            admin.execute(f"DROP DATABASE {name}_copy WITH (FORCE)")


def test_an_account_that_is_no_superuser_may_tell_databases_apart(database_url: str) -> None:
    with connect(database_url, "test") as connection:
        connection.execute("CREATE ROLE motorpool_plain")
        connection.execute("SET ROLE motorpool_plain")
        assert connection.execute("SELECT identify_database()").fetchone() is not None
        connection.rollback()
