"""Options beyond the published method: they are those of the engine, and reach the configuration of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.search.compound import about, compound_of
from rlcsp_core.crystal.composition import presets
from rlcsp_core.search import SearchConfig
from rlcsp_core.search.policies import load_policy
from rlcsp_core.store import Store
from tests.pages.conftest import SMALL

pytestmark = pytest.mark.slow

Opened = Callable[..., AppTest]


PUBLISHED = "As published"


def published(page: AppTest) -> AppTest:
    """The form with the nine actions, as the runs of these tests have."""
    return page.segmented_control(key="new-manner").set_value(PUBLISHED).run()


def start(page: AppTest) -> AppTest:
    page = next(b for b in page.button if b.label == "Start search").click().run()
    assert not page.exception
    assert not page.error
    return page


def ending(widgets: object, end: str) -> str:
    return next(widget.key for widget in widgets if widget.key and widget.key.endswith(end))  # type: ignore[attr-defined]


def test_untouched_they_change_nothing(opened: Opened, empty_store: Store) -> None:
    start(published(opened("pages/search/page.py")))
    config = empty_store.runs()[0].config
    default = SearchConfig().as_dict()
    for name in ("features", "policy", "parallel"):
        assert config[name] == default[name]


def test_they_reach_the_configuration(opened: Opened, empty_store: Store, finished_run: str) -> None:
    page = published(opened("pages/search/page.py"))
    page.text_input(key=ending(page.text_input, "-parallel")).set_value("2")
    page.selectbox(key=ending(page.selectbox, "-policy-published-published")).set_value(finished_run)
    start(page.run())
    run = next(run for run in empty_store.runs() if run.id != finished_run)
    learned = empty_store.updates(finished_run).theta[-1]
    assert run.config["parallel"] == 2
    theta = run.config["policy"]["theta"]
    assert [theta[str(number)] for number in (1, 2, 3, 4, 5, 6, 7, 9, 10)] == learned.tolist()


def test_other_features_leave_no_policy_that_does_not_fit(
    opened: Opened, empty_store: Store, finished_run: str
) -> None:
    page = published(opened("pages/search/page.py"))
    page = page.selectbox(key=ending(page.selectbox, "-features")).set_value("structure").run()
    offered = page.selectbox(key=ending(page.selectbox, "-policy-published-structure")).options
    assert len(offered) == 1
    start(page)
    run = next(run for run in empty_store.runs() if run.id != finished_run)
    assert run.config["features"] == "structure"


def test_a_fixed_policy_has_no_features_and_no_start(opened: Opened) -> None:
    page = opened("pages/search/page.py")
    page = page.selectbox(key=ending(page.selectbox, "-algorithm")).set_value("uniform").run()
    assert not [box.key for box in page.selectbox if box.key and box.key.endswith("-features")]


def test_fast_starts_from_a_policy_that_never_saw_the_compound(opened: Opened, empty_store: Store) -> None:
    start(opened("pages/search/page.py"))  # Fast is the first preset
    config = empty_store.runs()[0].config
    assert (config["algorithm"], config["actions"]) == ("belief", "sized")
    assert config["policy"]["name"] == "without-Y2O3"
    assert "Y2O3" not in load_policy("without-Y2O3")["provenance"]["compositions"]


def test_a_search_shares_the_policy_that_is_named(opened: Opened, empty_store: Store) -> None:
    page = published(opened("pages/search/page.py"))
    page.text_input(key=ending(page.text_input, "-shared")).set_value("ours")
    start(page)
    assert [run.policy for run in empty_store.runs()] == ["ours"]


def test_a_policy_of_other_actions_is_refused_with_a_sentence(opened: Opened, empty_store: Store) -> None:
    empty_store.create_policy("ours", np.zeros((14, 2)))
    page = published(opened("pages/search/page.py"))
    page.text_input(key=ending(page.text_input, "-shared")).set_value("ours")
    page = next(b for b in page.button if b.label == "Start search").click().run()
    assert not page.exception
    assert "14 actions and 2 features, this search 9 and 2" in page.error[0].value
    assert empty_store.runs() == []


def test_the_periodic_table_offers_formulas_for_the_field(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    page.session_state["new-picker"] = True  # open
    page.session_state["new-elements"] = ["O", "Ti", "Ca"]
    page = page.run()
    assert not page.exception
    pills = next(group for group in page.button_group if "-formula-" in str(group.key))
    page = pills.set_value("Ca2TiO4").run()
    box = page.selectbox(key="new-composition")
    assert box.value == "Ca2TiO4"
    box.options.append("Ca₂TiO₄")  # as a browser shows it, and sends it back
    start(page)
    run = empty_store.runs()[0]
    assert (run.composition, run.config["potential"]) == ("Ca2TiO4", "pmmcs")


@pytest.mark.parametrize("formula", ["MgO", "MgAl2O4"])
def test_a_second_search_begins_with_the_compound_beside_it(
    opened: Opened, empty_store: Store, formula: str
) -> None:
    claim = empty_store.create_claimed(replace(SMALL, composition=formula).as_dict(), name="first")
    assert claim is not None
    page = opened("pages/search/page.py", run=claim.run_id)
    page.session_state["beside"] = True  # open
    page.run()
    assert not page.exception
    box = next(box for box in page.selectbox if box.label == "Compound")
    assert box.value == formula
    box.set_value(next(name for name in presets() if name != formula)).run()
    assert box.key is not None
    assert page.selectbox(key=box.key).value != formula


def test_another_potential_can_be_chosen_and_its_reason_is_read(opened: Opened, empty_store: Store) -> None:
    page = opened("pages/search/page.py")
    box = page.selectbox(key="new-composition")
    box.options.append("MgO")  # typed
    page = box.set_value("MgO").run()
    words = next(each.value for each in page.caption if "Mg²⁺" in each.value).replace("\\", "")
    assert "Known minimum: periclase, Fm-3m" in words
    assert "Potential pmmcs: that of the known minimum; lattice constants of periclase MgO within" in words
    page.selectbox(key="new-composition").options.append("MgO")
    page = page.selectbox(key=ending(page.selectbox, "-potential-MgO-3")).set_value("bush").run()
    said = [each.value.replace("\\", "") for each in page.caption]
    assert any("No target energy is known" in words and "Potential bush" in words for words in said)
    page.selectbox(key="new-composition").options.append("MgO")
    start(page)
    config = empty_store.runs()[0].config
    assert (config["potential"], config["target"]) == ("bush", None)


def test_a_minimum_that_is_not_what_nature_makes_is_said_beside_it() -> None:
    words = about(compound_of("ZrO2"), "pmmcs").replace("\\", "")
    assert "rutile type (experiment: baddeleyite)" in words


def test_oxidation_states_are_asked_where_potentials_differ() -> None:
    def form() -> None:
        import streamlit as st

        from pages.search.compound import compound_of, oxidation_states
        from rlcsp_core.crystal.composition import composition_of
        from rlcsp_core.crystal.ions import ions_by_name

        known = compound_of("MnFe2O4")
        other = tuple(ions_by_name()[symbol] for symbol in ("Mn4+", "Fe2+", "O2-"))
        odd = known.candidates[1]._replace(composition=composition_of("MnFe2O4", other))
        asked = oxidation_states("form", known._replace(candidates=(known.candidates[0], odd)))
        st.text(" ".join(candidate.potential.name for candidate in asked.candidates))

    page = AppTest.from_function(form).run()
    assert not page.exception
    assert list(page.radio[0].options) == ["Mn²⁺ Fe³⁺ O²⁻", "Mn⁴⁺ Fe²⁺ O²⁻"]
    assert page.text[0].value == "lewis-catlow"
    assert page.radio[0].set_value("Mn⁴⁺ Fe²⁺ O²⁻").run().text[0].value == "pmmcs"
