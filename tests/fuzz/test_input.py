"""Formulas, experiment files, uploads and settings: whatever comes in is used or refused with a sentence."""

import json
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.formats import FORMATS, UPLOADS, parse_crystals, read_crystals
from rlcsp_core.errors import ConfigError, FormulaError, StructureError
from rlcsp_core.execution.experiment import SHIPPED, parse_experiment
from rlcsp_core.search import SearchConfig
from tests.fuzz.mutations import bounded, damaged_bytes, damaged_json, damaged_text, is_sentence

pytestmark = pytest.mark.slow

MAX_ATOMS = 400
REFERENCES = sorted((Path(__file__).parents[2] / "data" / "references").glob("*.cif"))
EXPERIMENTS = [path.read_text() for path in sorted(SHIPPED.glob("*.toml"))]
FORMULAS = st.text(string.ascii_letters + string.digits + "()", max_size=12)
PIECES = st.lists(st.sampled_from(["Y", "Sr", "Ti", "O", "2", "3", "0", "(", ")", "99"]), max_size=8)


@bounded(300)
@given(st.text(max_size=20) | FORMULAS | PIECES.map("".join))
def test_formulas(text):
    try:
        composition = composition_of(text)
    except FormulaError as error:
        is_sentence(error)
        return
    assert sum(ion.charge * n for ion, n in zip(composition.ions, composition.counts, strict=True)) == 0
    assert composition_of(composition.formula).counts == composition.counts


@bounded(120)
@given(st.sampled_from(EXPERIMENTS).flatmap(damaged_text))
def test_experiment_files(text):
    try:
        experiment = parse_experiment(text, "x", "x.toml")
    except ConfigError as error:
        is_sentence(error, "x.toml")
        return
    assert experiment.runs()
    json.dumps([run.config.as_dict() for run in experiment.runs()[:3]], allow_nan=False)


@bounded(150)
@given(damaged_json(SearchConfig(settings={"learning_rate": 0.01}).as_dict()))
def test_stored_configurations(values):
    try:
        config = SearchConfig.from_dict(values)
    except ConfigError as error:
        is_sentence(error)
        return
    again = SearchConfig.from_dict(json.loads(json.dumps(config.as_dict())))
    assert repr(again) == repr(config)  # not ==: a number that is none is not equal to itself


def usable(crystals):
    for crystal in crystals:
        assert 0 < crystal.n_atoms <= MAX_ATOMS
        assert crystal.positions.shape == (crystal.n_atoms, 3)
        assert np.isfinite(crystal.positions).all()
        assert np.isfinite(crystal.cell).all()
        assert crystal.volume > 0


def upload(name, content):
    try:
        usable(parse_crystals(name, content, max_atoms=MAX_ATOMS))
    except StructureError as error:
        is_sentence(error)


@bounded(150)
@given(st.text(max_size=12), st.sampled_from([*UPLOADS, ".txt", ""]), st.binary(max_size=200))
def test_uploads_of_anything(stem, ending, content):
    upload(stem + ending, content)


def written(form):
    return FORMATS[form].write(read_crystals(REFERENCES[0])[0])


@pytest.mark.parametrize(("form", "ending"), [("cif", ".cif"), ("poscar", ".vasp"), ("extxyz", ".xyz")])
def test_damaged_uploads(form, ending):
    text = written(form)

    @bounded(60)
    @given(damaged_text(text).map(str.encode) | damaged_bytes(text.encode()))
    def damaged(content):
        upload("a" + ending, content)

    damaged()


@bounded(60)
@given(st.sampled_from([path.read_text() for path in REFERENCES]).flatmap(damaged_text))
def test_damaged_references(text):
    upload("a.cif", text.encode())
