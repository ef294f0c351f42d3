"""What the server says and refuses, before any page is drawn."""

import http.client
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright")
from tests.browser.dashboard import serving
from tests.patience import SOON

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("serving")]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Status and headers of the answer to one request."""
    with serving(tmp_path_factory.mktemp("serving")) as dashboard:
        place = urlsplit(dashboard.url)

        def request(path, **headers):
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=SOON)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            connection.close()
            return answer.status, answer.headers, place.port

        yield request


@pytest.mark.parametrize("path", ["/", "/Search", "/app/static/icon.svg", "/_stcore/health"])
def test_every_answer_has_the_headers(ask, path):
    from serve import HEADERS  # loads all that pages need: not while tests are collected

    status, headers, _ = ask(path)
    assert status == 200
    for name, value in HEADERS.items():
        assert headers[name] == value
    # the files of the viewer are public; nothing else may be read by pages of other sites
    assert path.startswith("/app/static/") or "Access-Control-Allow-Origin" not in headers


def test_only_this_machine_by_its_own_names_gets_a_session(ask):
    port = ask("/")[2]
    path = "/_stcore/stream"

    def status(host, origin):
        return ask(path, Host=f"{host}:{port}", Origin=f"http://{origin}:{port}", **UPGRADE)[0]

    assert status("localhost", "localhost") == 101
    assert status("evil.example", "evil.example") == 403  # DNS rebinding
    assert status("localhost", "evil.example") == 403  # a page of another site
