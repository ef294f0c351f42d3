"""Compare and Policy open cold by their addresses, and every view of theirs draws its charts."""

from __future__ import annotations

import pytest
from dashboard import Dashboard, Watched

from rlcsp_core.search import Search, SearchConfig
from rlcsp_core.store import open_store

LIMIT = 60_000  # ms; for busy machines
SMALL = {"steps": 80, "max_atoms": 10, "population": 8, "target": -27.394619}
DRAWN = "() => document.querySelectorAll('.rlcsp-chart-node .main-svg').length > 0"


@pytest.fixture(scope="module")
def runs(dashboard: Dashboard) -> str:
    """Two finished runs in the database of the dashboard, as parameters of an address."""
    store = open_store(str(dashboard.database))
    ids = []
    for algorithm in ("npg", "ppo"):
        config = SearchConfig(algorithm=algorithm, settings={"trajectories": 2}, **SMALL)  # type: ignore[arg-type]
        claim = store.create_claimed(config.as_dict(), name="small")
        assert claim is not None
        store.append(claim, list(Search(config)), None)
        ids.append(claim.run_id)
    return "&".join(f"run={run_id}" for run_id in ids)


@pytest.mark.parametrize("view", ["Energy", "Target", "Moves%2C+generations"])
def test_a_comparison_is_found_again_by_its_address(view: str, watched: Watched, runs: str) -> None:
    page = watched.open(f"Compare?{runs}&view={view}")
    page.wait_for_function(DRAWN, timeout=LIMIT)


def test_the_views_of_compare_follow_a_click_and_the_address_follows_them(
    watched: Watched, runs: str
) -> None:
    page = watched.open(f"Compare?{runs}")
    page.get_by_text("What can be concluded").wait_for(timeout=LIMIT)
    page.get_by_role("radio", name="Energy").or_(page.get_by_role("button", name="Energy")).first.click()
    page.wait_for_function(DRAWN, timeout=LIMIT)
    page.wait_for_function("() => location.search.includes('view=Energy')", timeout=LIMIT)


def test_a_policy_is_drawn_against_energy_and_over_the_run(watched: Watched, runs: str) -> None:
    page = watched.open(f"Policy?{runs}")
    page.wait_for_function(DRAWN, timeout=LIMIT)
    for view in ("Over the run", "Try it", "Gradient variance"):
        page.get_by_text(view, exact=True).click()
        page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')"
            " && document.querySelectorAll('.rlcsp-chart-node .main-svg').length > 0",
            timeout=LIMIT,
        )
        assert page.get_by_role("alert").count() == 0
