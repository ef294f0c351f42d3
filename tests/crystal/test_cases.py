"""The files of tests/cases/structures and what must come of them: read, uploaded, and on the command line."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rlcsp_core.crystal.composition import canonical_formula, formula_of
from rlcsp_core.crystal.formats import UPLOADS, Entry, parse_structures, read_structures
from rlcsp_core.energy import evaluate, refuse_contacts
from rlcsp_core.energy.choice import potential_for
from rlcsp_core.errors import RLCSPError

FOLDER = Path(__file__).parents[1] / "cases" / "structures"
with open(FOLDER / "expected.tsv", encoding="utf-8") as table:
    CASES = {row["file"]: row for row in csv.DictReader(table, delimiter="\t")}
EXACT, MERGED = 2e-5, 5e-4  # eV/atom; the second where it depends on how images of a site are merged
REASONS = {  # beginning of the name -> what the sentence must say
    "cartesian": "Cartesian",
    "cell-contradicts": "cell does not have the symmetry",
    "mixed": "not that of one element",
    "occupancy-text-two": "more than one atom",
    "occupancy": "only partly occupied",
    "operator-broken": "operator '1/2-y,1/2\\+x' cannot be applied",
    "operators-identity": "charge",
    "overlap": "two ions closer than the potential describes",
    "right-refused-aluminium": "no potential covers Al",
    "right-refused-charged": "charge",
    "right-refused-coordinate": "coordinate of 'O3' is not given",
    "right-refused-decimal": "cannot be read as a number \\('10,604'\\)",
    "right-refused-huge": "volume",
    "right-refused-hydrogen": "no ion of H",
    "right-refused-no-cell": "no cell",
    "right-refused-slab": "not periodic",
    "row-too-long": "line 10: Wrong number of values",
    "several-charged": "charge",
    "several-crystal-and-slab": "not periodic",
    "several-good-bad-good": "not finite",
    "several-second-block-partial": "only partly occupied",
    "two-species": "share a site",
}

Outcome = tuple[int, str, int, float] | tuple[int, str]  # place, formula, atoms, eV/atom; or place, sentence


def outcome(entry: Entry) -> Outcome:
    """What `energy` and the page Structures make of an entry."""
    try:
        if entry.crystal is None:
            return entry.number, str(entry.problem)
        potential = potential_for(entry.crystal.numbers)
        refuse_contacts(entry.crystal, potential)
        energy = evaluate(entry.crystal, potential).energy / entry.crystal.n_atoms
        return entry.number, formula_of(entry.crystal.numbers), entry.crystal.n_atoms, energy
    except RLCSPError as error:
        return entry.number, str(error)


def check(name: str, outcomes: list[Outcome]) -> None:
    case = CASES[name]
    assert [each[0] for each in outcomes] == list(range(1, len(outcomes) + 1))
    good = [each for each in outcomes if len(each) == 4]
    bad = [each for each in outcomes if len(each) == 2]
    if "refuse" in case["verdict"] and not good:
        assert len(bad) == 1
    else:
        assert "energy" in case["verdict"] or bad
        assert len(good) == int(case["frames"])
        formulas, atoms, energies = (
            case[key].split(";") for key in ("formula", "n_atoms", "energy_per_atom")
        )
        tolerance = MERGED if name.startswith("third-") else EXACT
        for (_, formula, n_atoms, energy), f, n, e in zip(good, formulas, atoms, energies, strict=True):
            assert formula == canonical_formula(f)
            assert n_atoms == int(n)
            assert energy == pytest.approx(float(e), abs=tolerance)
    if case["verdict"] == "energy":
        assert not bad
    for _, sentence in bad:
        [reason] = [words for start, words in REASONS.items() if name.startswith(start)][:1]
        assert re.search(reason, sentence)


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_right_or_refused_for_its_reason(name: str) -> None:
    check(name, [outcome(entry) for entry in read_structures(FOLDER / name)])


@pytest.mark.parametrize("name", [name for name in CASES if Path(name).suffix in UPLOADS])
def test_an_upload_is_what_the_file_is(name: str) -> None:
    uploaded = parse_structures(name, (FOLDER / name).read_bytes(), max_atoms=400)
    assert [outcome(entry) for entry in uploaded] == [
        outcome(entry) for entry in read_structures(FOLDER / name)
    ]


def command(*words: str, options: tuple[str, ...] = ()) -> tuple[int, list[dict], list[str]]:
    """Exit code, objects on standard output, lines on standard error."""
    done = subprocess.run(
        [sys.executable, *options, "-m", "rlcsp_core", *words, "--json"],
        capture_output=True,
        text=True,
        cwd=FOLDER.parents[2],
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-O",)], ids=["python", "python -O"])
def test_the_command_line_says_the_same(options: tuple[str, ...]) -> None:
    """All files at once: a bad one keeps no other from being done."""
    code, lines, errors = command("energy", *(str(FOLDER / name) for name in CASES), options=options)
    assert code == 2
    outcomes: dict[str, list[Outcome]] = {name: [] for name in CASES}
    for line in lines:
        name = Path(line["file"]).name
        outcomes[name].append((line["frame"], line["formula"], line["n_atoms"], line["energy_per_atom"]))
    for error in (line for line in errors if not line.startswith("█")):
        found = re.fullmatch(r"error: (.+?)(?:, structure (\d+))?: (.+)", error)
        assert found
        outcomes[Path(found[1]).name].append((int(found[2] or 1), found[3]))
    for name, found_here in outcomes.items():
        check(name, sorted(found_here, key=lambda each: each[0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"),
    [("setting-Pbnm-number62.cif", 0), ("several-good-bad-good.xyz", 2), ("row-too-long-SrO.cif", 2)],
)
def test_one_file_has_an_exit_code(name: str, code: int) -> None:
    got, lines, errors = command("energy", str(FOLDER / name))
    assert got == code
    assert len(lines) == {0: 1}.get(code, 2 if name.startswith("several") else 0)
    assert bool(errors) == bool(code)
