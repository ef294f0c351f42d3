"""Database servers of our own: private data folders, free ports, gone with the tests.

Needs Debian's postgresql and mariadb-server-core (their programs, not their services), which install_servers.sh
installs where it may; without them the tests are skipped.
"""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import STARTING

PASSWORD = "hunter2"


def program(*names):
    """The first of these that is installed; Debian keeps PostgreSQL's out of the path."""
    places = [
        os.environ["PATH"],
        "/usr/sbin",
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
    return next(
        (found for name in names if (found := shutil.which(name, path=os.pathsep.join(places)))), None
    )


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


def unprivileged(user, folder):
    """Servers refuse to run as root; then they run as the user that their package made.

    Temporary tables lie in a folder of its own: a MariaDB that starts removes those of another from one they share."""
    settings = {"env": {**os.environ, "TMPDIR": str(folder)}}
    return settings | {"user": user} if os.geteuid() == 0 else settings


def user_of(package):
    """The user that a package made; Debian's mariadb-server-core makes none, and any without rights will do."""
    return package if package in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def prepared(folder, user):
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, user)
        for parent in folder.parents:
            if parent.owner() == getpass.getuser() and str(parent) not in ("/", "/tmp"):
                parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@contextmanager
def serving(words, port, user, folder, stop=signal.SIGTERM):
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **unprivileged(user, folder)
    )
    try:
        end = time.monotonic() + STARTING
        while not answers(port):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{words[0]} does not start: {process.stderr.read()[-300:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.communicate(timeout=STARTING)
        finally:
            process.kill()


def await_start(connect, refusal):
    """A port may be open while its server is still starting up."""
    end = time.monotonic() + STARTING
    while True:
        try:
            return connect()
        except refusal:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def quietly(words, user, folder):
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd="/", **unprivileged(user, folder)
    )
    if done.returncode:
        pytest.fail(f"{words[0]} failed: {done.stderr[-300:]}")


@contextmanager
def postgresql(folder):
    """URL of an empty PostgreSQL database."""
    psycopg = pytest.importorskip("psycopg")
    initdb, server = program("initdb"), program("postgres")
    if not (initdb and server):
        pytest.skip("PostgreSQL is not installed")
    user = user_of("postgres")
    data, port = prepared(folder / "postgresql", user), free_port()
    secret = data.with_suffix(".secret")
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    quietly(
        [initdb, "-D", str(data / "d"), "-U", "someone", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"],
        user,
        data,
    )
    words = [server, "-D", str(data / "d"), "-p", str(port), "-h", "127.0.0.1", "-k", str(data), "-F"]
    url = f"postgresql://someone:{PASSWORD}@127.0.0.1:{port}/postgres"
    with serving(words, port, user, data, stop=signal.SIGINT):  # which does not wait for clients
        await_start(lambda: psycopg.connect(url).close(), psycopg.OperationalError)
        yield url


@contextmanager
def mariadb(folder):
    """URL of an empty MariaDB database."""
    pymysql = pytest.importorskip("pymysql")
    install, server = program("mariadb-install-db", "mysql_install_db"), program("mariadbd", "mysqld")
    if not (install and server):
        pytest.skip("MariaDB is not installed")
    user = user_of("mysql")
    data, port = prepared(folder / "mariadb", user), free_port()
    common = ["--no-defaults", f"--datadir={data / 'd'}"]
    quietly([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"], user, data)
    words = [
        server,
        *common,
        f"--port={port}",
        f"--socket={data / 's'}",
        "--bind-address=127.0.0.1",
        "--pid-file=pid",
    ]
    with serving(words, port, user, data):
        with (
            await_start(
                lambda: pymysql.connect(host="127.0.0.1", port=port, user="root"), pymysql.OperationalError
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("CREATE DATABASE runs CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER 'someone'@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute("GRANT ALL ON runs.* TO 'someone'@'%'")
        yield f"mariadb://someone:{PASSWORD}@127.0.0.1:{port}/runs"


SERVERS = {"postgresql": postgresql, "mariadb": mariadb}
