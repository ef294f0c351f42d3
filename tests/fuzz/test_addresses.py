"""What a page is asked by its address: known runs are shown, anything else is a sentence."""

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some

from pages.common import errors, url
from pages.common.errors import plain
from rlcsp_core.errors import NotFoundError
from rlcsp_core.store import open_store
from tests.fuzz.mutations import bounded, is_sentence
from tests.store.examples import CONFIG

pytestmark = pytest.mark.slow

IDS = some.text(max_size=40) | some.from_regex(r"[0-9a-f]{1,20}", fullmatch=True)
HOSTILE = (
    "' OR 1=1 --",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "[x](javascript:1)",
    "\0",
    "%00",
    "é" * 99,
)
READS = (
    "run",
    "steps",
    "population",
    "updates",
    "checkpoint",
    "energies",
    "structures",
    "best_structure",
    "overview",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("addresses") / "runs.sqlite"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def known(store):
    return [store.create_run({**CONFIG, "seed": seed}, name=f"{seed}") for seed in range(3)]


class Address:
    """Stands in for the address bar."""

    def __init__(self, values):
        self.values = values

    def get_all(self, name):
        return self.values if name == "run" else []


def test_runs_in_the_address(store, known, monkeypatch):
    said = []
    monkeypatch.setattr(url, "show_error", said.append)
    monkeypatch.setattr(errors, "show_error", said.append)

    @bounded(100)
    @given(some.lists(IDS | some.sampled_from([*known, *HOSTILE]), max_size=6))
    def asked(values):
        said.clear()
        monkeypatch.setattr(st, "query_params", Address(values))
        assert url.runs_in_address(store) == [v for v in dict.fromkeys(values) if v in known]
        assert len(said) == len(set(values) - set(known))
        for message in said:
            is_sentence(message)

    asked()
    assert len(store.runs()) == len(known)


@bounded(60)
@given(IDS | some.sampled_from(HOSTILE))
def test_the_store_knows_no_such_run(store, known, run_id):
    if run_id not in known:
        for question in READS:
            with pytest.raises(NotFoundError):
                getattr(store, question)(run_id)


@bounded(200)
@given(some.text(max_size=60) | some.sampled_from(HOSTILE))
def test_text_of_others_is_not_read_as_markdown(text):
    shown = plain(text)
    assert shown.replace("\\", "") == text.replace("\\", "")
    marks = [i for i, c in enumerate(shown) if c in "`*_[]<>#|$:~&"]
    assert all(i > 0 and shown[i - 1] == "\\" for i in marks)
