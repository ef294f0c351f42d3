"""Machine-learned potentials by name, to relax again what a search on ions has found.

    diep, chgnet, sevennet    models whose weights come with their packages (extra `ml`); nothing is downloaded
    module:function           whatever makes an ASE calculator when called without arguments

A model that leaves the ground it was trained on may explode: atoms fall into each other, the cell blows up, numbers
cease to be finite.  That is no minimum: such a structure has a reason and no energy.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.outside import is_outside
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.foreign import Settled, Watch, relax_with_ase
from rlcsp_core.relax.named import made
from rlcsp_core.relax.relaxer import RelaxConfig
from rlcsp_core.threads import one_blas_thread

if TYPE_CHECKING:
    from ase import Atoms

CLOSEST = 0.5  # Å; no two atoms of a crystal are nearer
SWOLLEN = 2.0  # times the volume it started from
LIMITS = RelaxConfig(force=0.03, stress=3e-3, evaluations=300, seconds=3600.0)  # eV/Å, eV/Å³
# forces of DIEP jump by 0.1 eV/Å around K2NiF4-type Sr2TiO4 without end, where its energy stays within 5e-5 eV/atom
SETTLED = Settled(evaluations=12, energy=1e-4, force=0.15)
OPTIMISER = "BFGS"  # of ASE; its L-BFGS does not settle where forces of a model are rough, as near cubic ZrO2
INSTALL = "make app ML=1, or pip install '.[ml]', in a checkout"


class Model(NamedTuple):
    """A machine-learned potential whose weights are installed with it."""

    label: str
    package: str  # on PyPI
    trained: str  # on what
    make: Callable[[], Any]  # an ASE calculator


def _diep() -> Any:
    from diep.pretrained import make_calculator

    return make_calculator()


def _chgnet() -> Any:
    from chgnet.model import CHGNet
    from chgnet.model.dynamics import CHGNetCalculator

    return CHGNetCalculator(CHGNet.load(model_name="r2scan", use_device="cpu", verbose=False))


def _sevennet() -> Any:
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator("7net-0", device="cpu")


MODELS = {
    "diep": Model("DIEP", "diep", "MatPES, r2SCAN", _diep),
    "chgnet": Model("CHGNet", "chgnet", "the Materials Project, r2SCAN", _chgnet),
    "sevennet": Model("SevenNet", "sevenn", "the Materials Project, PBE", _sevennet),
}
USUAL = "diep"


def checked_model(name: str) -> str:
    """The name itself; ConfigError with the choices."""
    if name not in MODELS and not is_outside(name):
        raise ConfigError(
            f"unknown model {name!r}; choose from {', '.join(MODELS)}, or name a function that makes an ASE calculator "
            "as module:function"
        )
    return name


def label_of(name: str) -> str:
    """As a sentence calls it."""
    return MODELS[name].label if name in MODELS else name.rpartition(":")[2]


def installed(name: str) -> bool:
    """Whether its package is there; it is not imported, which takes seconds."""
    return _version(MODELS[name].package) is not None


def version_of(name: str) -> str:
    """Of the packages that its numbers depend on."""
    if is_outside(name):
        return "unknown"
    packages = (MODELS[name].package, "torch")
    return ", ".join(f"{package} {_version(package)}" for package in packages)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def calculator_named(name: str) -> Any:
    """An ASE calculator; CalculatorError where the model is not installed or does not load."""
    if is_outside(checked_model(name)):
        return made(name)
    model = MODELS[name]
    if not installed(name):
        raise CalculatorError(f"{model.label} is not installed: {INSTALL}")
    try:
        import torch

        torch.set_num_threads(1)  # as everywhere here: one job, one core, and the same sums in the same order
        with redirect_stdout(sys.stderr):  # results go to standard output, what packages chat does not
            return model.make()
    except Exception as failure:  # of whatever the package does on import
        raise CalculatorError(
            f"{model.label} does not load: {type(failure).__name__}: {failure}"
        ) from failure


def relax_again(
    crystal: Crystal, calculator: Any, watch: Watch = lambda _: None, config: RelaxConfig = LIMITS
) -> Relaxation:
    """Relax atoms and cell by a model from what another potential has made; an explosion is no energy but a reason."""
    most = SWOLLEN * crystal.volume

    def see(atoms: Atoms) -> str | None:
        return explosion(atoms, most) or watch(atoms)

    with one_blas_thread(), warnings.catch_warnings():
        # SciPy's doubt of the logarithm of a strain, at errors of 1e-13
        warnings.filterwarnings("ignore", "logm result", RuntimeWarning)
        return relax_with_ase(crystal, calculator, config, see, OPTIMISER, SETTLED)


def explosion(atoms: Atoms, most: float) -> str | None:
    """What no crystal does: `most` is a volume [Å³]."""
    from ase.neighborlist import neighbor_list

    if atoms.get_volume() > most:
        return f"the model blew the cell up to more than {SWOLLEN:g} times its volume"
    if len(neighbor_list("i", atoms, CLOSEST)):
        return f"the model pulled atoms closer than {CLOSEST} Å"
    return None
