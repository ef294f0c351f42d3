"""Numba's types of what the kernels of the energy take, and calls through an address.

The types are written down so that kernels can be compiled before there is a crystal.  A kernel that calls another in
the usual way gets a copy of it and optimises it once more, which is half of the time it takes to compile; a call
through an address costs a nanosecond and needs no copy.  The address is that of the function inside of Numba's
wrappers, so a failed allocation is passed on as usual.
"""

# ruff: noqa: ARG001
# mypy: disallow-untyped-defs=False
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_new_ref
from numba.extending import intrinsic

from rlcsp_core.energy.real_kernels import Neighbours
from rlcsp_core.energy.tables import Tables
from rlcsp_core.kernel_cache import compiled

VECTOR, MATRIX, CUBICS = types.float64[::1], types.float64[:, ::1], types.float64[:, :, ::1]
INDICES, PLACES = types.int64[::1], types.uint32[::1]

TABLES = types.NamedTuple(
    [CUBICS, types.float64, types.float64, CUBICS, types.float64, types.float64, VECTOR, VECTOR], Tables
)
NEIGHBOURS = types.NamedTuple([PLACES, MATRIX, INDICES, PLACES], Neighbours)

LIST_NEIGHBOURS = NEIGHBOURS(MATRIX, MATRIX, INDICES, types.float64)
LATTICE_ENERGY = types.float64(MATRIX, MATRIX, INDICES, INDICES, TABLES, NEIGHBOURS, MATRIX, MATRIX)
DEEPEST_CONTACT = types.float64(MATRIX, MATRIX, INDICES, INDICES, NEIGHBOURS, MATRIX)


def address_of(kernel: Any, signature: Any) -> int:
    """Where the compiled kernel stands in memory; compiles or loads it."""
    result = compiled(kernel, signature)
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def _call(signature: Any) -> Callable[..., Any]:
    """What Numba writes for a call (address, arguments …) of a kernel with that signature."""

    def write(context: Any, builder: Any, _: Any, values: Any) -> Any:
        convention = context.call_conv
        function = convention.get_function_type(signature.return_type, signature.args).as_pointer()
        pointer = builder.inttoptr(values[0], function)
        status, result = convention.call_function(
            builder, pointer, signature.return_type, signature.args, values[1:]
        )
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return impl_ret_new_ref(context, builder, signature.return_type, result)

    return write


# Numba calls these with the types of the arguments, and takes (signature, writer)


@intrinsic
def list_neighbours_at(_, address, x, cell, starts, reach):
    """The same as list_neighbours, in a kernel, through its address."""
    return LIST_NEIGHBOURS.return_type(types.int64, *LIST_NEIGHBOURS.args), _call(LIST_NEIGHBOURS)


@intrinsic
def lattice_energy_at(_, address, x, cell, kinds, starts, tables, neighbours, gradient, strain):
    """The same as lattice_energy, in a kernel, through its address."""
    return LATTICE_ENERGY.return_type(types.int64, *LATTICE_ENERGY.args), _call(LATTICE_ENERGY)
