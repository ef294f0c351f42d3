"""With an identity provider configured nobody sees a page before logging in; without one everybody does."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.sitemap import PAGES
from tests.pages.conftest import ROOT
from tests.patience import STARTING

AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "rlcsp",
}


def home(**secrets):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=STARTING)
    for name, value in secrets.items():
        page.secrets[name] = value
    return page


@pytest.mark.parametrize("file", [page.file for page in PAGES])
def test_nothing_but_a_login_is_shown_to_strangers(file):
    page = home(auth=AUTH).run().switch_page(file).run()
    assert not page.exception
    assert [button.label for button in page.button] == ["Log in"]


def test_without_a_provider_nobody_is_asked():
    page = home().run()
    assert not page.exception
    assert "Log in" not in [button.label for button in page.button]
