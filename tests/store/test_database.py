"""Reaching a database, and not reaching one."""

import os
import re
import sqlite3
import threading

import pytest

from rlcsp_core.errors import StoreError
from rlcsp_core.store import open_store
from rlcsp_core.store.addresses import FILE_VARIABLE, URL_VARIABLE, database_url, describe
from rlcsp_core.store.packing import inflate, pack_json, unpack_json

CONFIG = {"composition": "Y2O3", "algorithm": "rlcsp", "seed": 1}


def test_argument_before_environment_before_file(monkeypatch, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("sqlite:////from/file\n")
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(secret))
    assert database_url().database == "/from/file"
    monkeypatch.setenv(URL_VARIABLE, "/from/environment")
    assert database_url().database == "/from/environment"
    assert database_url("/from/argument").database == "/from/argument"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:hunter2@127.0.0.1:1/runs",
        "mysql://someone:hunter2@127.0.0.1:1/runs",
        "postgresql://127.0.0.1:1/runs?user=someone&password=hunter2",
        "oracle://someone:hunter2@127.0.0.1/runs",
        "postgresql://someone:hunter2@[/runs",
    ],
)
def test_an_unreachable_database_is_a_sentence_without_the_password(url):
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_messages_name_the_database_without_user():
    assert (
        describe(database_url("mysql://someone:hunter2@db.example/runs"))
        == "the mysql database 'runs' on db.example"
    )


def test_a_folder_that_cannot_be_made_and_a_file_that_is_no_database(tmp_path):
    (tmp_path / "file").write_text("this is not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        open_store(str(tmp_path / "file"))
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(str(tmp_path / "file" / "runs.sqlite"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="unable to open"):
        open_store(str(tmp_path / "runs.sqlite"))


def test_a_database_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "runs.sqlite"
    open_store(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="9999"):
        open_store(str(path))


def test_many_threads_may_open_a_new_database_at_once(tmp_path):
    stores, errors = [], []

    def opening():
        try:
            stores.append(open_store(str(tmp_path / "runs.sqlite")))
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=opening) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert stores[0].create_run(CONFIG, name="a")
    for store in stores:
        assert len(store.runs()) == 1
        store.close()


def test_damaged_blocks_are_refused():
    block = pack_json({"a": [1.5, None]})
    assert unpack_json(block) == {"a": [1.5, None]}
    for damaged in (block[:-3], block[:5], b"", b"nonsense"):
        with pytest.raises(StoreError):
            inflate(damaged)


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("sqlite://mine.sqlite", "sqlite:///mine.sqlite or just mine.sqlite"),
        ("sqlite://", "sqlite:///runs.sqlite"),
        ("sqlite:///", "sqlite:///runs.sqlite"),
        ("sqlite:", "sqlite:///runs.sqlite"),
        ("sqlite:/home/me/x.sqlite", "sqlite:////home/me/x.sqlite or just /home/me/x.sqlite"),
        ("sqlite:x.sqlite", "sqlite:///x.sqlite"),
        ("sqlite:///:memory:", "sqlite:///runs.sqlite"),
        ("SQLite+pysqlite:///:memory:", "sqlite:///runs.sqlite"),
        (":memory:", "sqlite:///runs.sqlite"),
        ("file::memory:?cache=shared", "sqlite:///runs.sqlite"),
        ("sqlite:///file:x.sqlite?uri=true", "sqlite:///runs.sqlite"),
        ("sqlite:///x.sqlite?mode=ro", "sqlite:///x.sqlite or just x.sqlite"),
        ("sqlite:///folder/", "not the address of a file"),
        ("postgresql:/runs", "postgresql://user:password@host:port/name"),
        ("mysql:localhost/runs", "mysql://user:password@host:port/name"),
        ("postgresql://localhost:port/runs", "postgresql://user:password@host:port/name"),
        ("postgresql://me:hunt@er2:/@localhost/runs", "as %40"),
        ("mysql://localhost/runs?bogus=1", "bogus"),
        ("sqlite3:///x.sqlite", "unknown kind of database 'sqlite3'"),
        ("http://x/y", "unknown kind of database 'http'"),
        ("", "cannot be the file of a database"),
        (" ", "cannot be the file of a database"),
        (".", "it is a folder"),
        ("~nobody-of-this-name/x.sqlite", "cannot be the file of a database"),
        ("x\0.sqlite", "cannot be the file of a database"),
        ("x" * 300, "cannot be the file of a database"),
    ],
)
def test_a_wrong_address_is_a_sentence_with_the_right_one(text, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=re.escape(write)) as caught:
        open_store(text)
    assert "\n" not in str(caught.value)
    assert "er2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("a b/ü?x=1#%20.sqlite", "a b/ü?x=1#%20.sqlite"),
        ("sqlite:///sub/x.sqlite", "sub/x.sqlite"),
        ("SQLITE+aiosqlite:///x.sqlite", "x.sqlite"),
        ("~/x.sqlite", "x.sqlite"),
        ("sqlite:///~/x.sqlite", "x.sqlite"),
        ("it:is:legal.sqlite", "it:is:legal.sqlite"),
    ],
)
def test_a_file_is_found_again_by_other_processes(text, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    store = open_store(text)
    assert (tmp_path / file).is_file()
    monkeypatch.chdir("/")
    assert database_url(store.url) == database_url(str(tmp_path / file))
    store.close()


def test_a_file_that_is_to_be_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="there is no database file"):
        open_store(str(tmp_path / "runs.sqlite"), create=False)
    assert list(tmp_path.iterdir()) == []
