"""The migrations lead to the schema of a new database; what this program cannot read is left alone."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, text

from rlcsp_core.errors import StoreError
from rlcsp_core.store import database, open_store, schema
from rlcsp_core.store.addresses import database_url
from rlcsp_core.store.runs import new_row
from tests.store.examples import CONFIG

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


def test_runs_of_an_older_schema_are_kept(empty):
    engine = at(empty, "head")
    with engine.begin() as connection:
        connection.execute(insert(schema.runs).values(new_row(CONFIG, "old", "sweep", None)))
        for name in ("title", "tags", "archived", "discarded", "discarded_from"):
            connection.execute(text(f"ALTER TABLE runs DROP COLUMN {name}"))
        connection.execute(text("DROP TABLE fields"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'refinements'"))
    store = open_store(empty)
    (run,) = store.runs()
    assert (run.name, run.experiment, run.title, run.tags, run.archived) == ("old", "sweep", None, (), False)
    assert differences(engine) == []
    store.delete_run(run.id)
    store.close()
    engine.dispose()


@pytest.mark.parametrize("revision", ["0005", "9999"])
def test_a_schema_before_the_first_release_or_of_the_future_is_left_alone(empty, revision):
    engine = at(empty, "head")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    with pytest.raises(StoreError, match=f"has schema {revision}, which this program does not know.* move"):
        open_store(empty)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{schema.REVISION}'"))
    engine.dispose()


def test_a_database_of_the_first_schema_is_brought_up_to_date_when_it_is_opened(empty):
    engine = at(empty, "initial")
    assert [each[0] for each in differences(engine)] == ["add_table", "add_table"]
    open_store(empty).close()
    assert differences(engine) == []
    engine.dispose()
