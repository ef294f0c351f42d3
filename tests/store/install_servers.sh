#!/bin/sh
# PostgreSQL and MariaDB for the store's contract tests, from Debian's packages; the tests start servers of their own
# from them (servers.py).  Never fails: what is missing is said, and only its tests are skipped.
postgresql() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; }
mariadb() {
    PATH="$PATH:/usr/sbin"
    command -v mariadbd >/dev/null 2>&1 || command -v mysqld >/dev/null 2>&1
}

missing=""
postgresql || missing="postgresql"
mariadb || missing="$missing mariadb-server-core mariadb-client-core"  # the programs alone, no service
[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null && as_root="sudo -n"
fi
install() {
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1
}
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || [ -n "$as_root" ]; }; then
    echo "Installing $missing for the database tests ..."
    # the package lists may be fresh already; where they are not, or are not there, they are fetched once
    install || { $as_root apt-get -qq update >/dev/null 2>&1; install; }
fi
postgresql || echo "No PostgreSQL found and none could be installed: its tests will be skipped (Debian: postgresql)."
mariadb || echo "No MariaDB found and none could be installed: its tests will be skipped (Debian: mariadb-server-core)."
exit 0
