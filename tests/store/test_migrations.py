"""An older database is brought up to date with all that is in it, and ends like a new one."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from rlcsp_core.errors import StoreError
from rlcsp_core.store import database, open_store, schema
from rlcsp_core.store.addresses import database_url
from tests.store.examples import CONFIG, member, step

OLD = ["0001", "0002", "0003", "0004"]  # released schemas before the present one
pytestmark = pytest.mark.parametrize(
    "server_url", ["sqlite", "postgresql", "mariadb"], indirect=True, scope="session"
)


@pytest.fixture
def empty(server_url, tmp_path):
    """URL of a database without tables."""
    url = database_url(server_url or str(tmp_path / "old.sqlite"))
    engine = create_engine(url)
    schema.metadata.drop_all(engine)
    engine.dispose()
    yield url.render_as_string(hide_password=False)
    open_store(url.render_as_string(hide_password=False)).close()


def at(url, revision):
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def differences(engine):
    with engine.connect() as connection:
        return compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), schema.metadata
        )


def test_migrations_lead_to_the_schema_of_a_new_database(empty):
    engine = at(empty, "head")
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.parametrize("revision", OLD)
def test_runs_survive_a_migration(empty, revision, rng):
    engine = at(empty, revision)
    assert differences(engine) != []
    run = {
        "id": "abc",
        "name": "old",
        "digest": "x",
        "state": "queued",
        "config": '{"seed": 1}',
        "versions": "{}",
    }
    run |= {"created": 1.5, "request": "run", "tally": "{}"}
    run |= dict.fromkeys(
        ("grants", "detached", "n_population", "n_population_failed", "n_steps", "elapsed"), 0
    )
    with engine.begin() as connection:
        names = ", ".join(run)
        connection.execute(
            text(f"INSERT INTO runs ({names}) VALUES ({', '.join(':' + n for n in run)})"), run
        )
    engine.dispose()
    store = open_store(empty)
    assert store.run("abc").created == 1.5
    assert differences(store._engine) == []
    claim = store.claim("abc")
    store.append(claim, [member(0, rng), step(1, rng)], {})
    assert len(store.steps("abc")) == 1
    assert store.create_run(CONFIG, name="new")
    store.close()
    open_store(empty).close()


def test_a_schema_of_the_future_is_left_alone(empty):
    engine = at(empty, "head")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="has schema 9999, which this program does not know"):
        open_store(empty)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{schema.REVISION}'"))
    engine.dispose()
