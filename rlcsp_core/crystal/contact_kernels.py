"""Compiled check of contacts in a trial: shortest distance and coordination numbers.

For every pair and every periodic image within reach.  With fractional differences wrapped into [−½, ½], images up to
n_i = ⌊reach/h_i + ½⌋ cells away suffice, h_i the distance between the cell's faces.
"""

# mypy: disable-error-code="no-untyped-def"
# the types are in the signature, for which the kernel is compiled when it is first used

from __future__ import annotations

import numpy as np

from rlcsp_core.kernel_cache import kernel

COUNT_CONTACTS = (
    "Tuple((float64, int64, int64))"
    "(float64[:, ::1], int64[::1], float64[:, ::1], float64[:, ::1], float64[::1], float64[::1])"
)


@kernel
def count_contacts(frame, codes, cell, reach, lowest, highest):
    """Shortest distance [Å], number of well coordinated cations, number of cations.

    frame [N, 3] fractional; codes [N]; cell [3, 3] Å in rows; reach [codes, codes] Å, 0 for pairs that are not a
    cation and an anion; lowest, highest [codes] allowed coordination numbers.  Distances beyond the largest reach are
    not looked at: the shortest distance is then that reach.
    """
    n = codes.shape[0]
    farthest = reach.max()
    ax, ay, az = cell[0, 0], cell[0, 1], cell[0, 2]
    bx, by, bz = cell[1, 0], cell[1, 1], cell[1, 2]
    cx, cy, cz = cell[2, 0], cell[2, 1], cell[2, 2]
    bcx, bcy, bcz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    cax, cay, caz = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    abx, aby, abz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    volume = abs(ax * bcx + ay * bcy + az * bcz)
    na = int(farthest * np.sqrt(bcx * bcx + bcy * bcy + bcz * bcz) / volume + 0.5)
    nb = int(farthest * np.sqrt(cax * cax + cay * cay + caz * caz) / volume + 0.5)
    nc = int(farthest * np.sqrt(abx * abx + aby * aby + abz * abz) / volume + 0.5)
    shortest = farthest * farthest
    coordination = np.zeros(n, dtype=np.int64)
    for i in range(n):
        for j in range(i, n):
            r_ij = max(reach[codes[i], codes[j]], reach[codes[j], codes[i]])
            limit = r_ij * r_ij
            u = frame[j, 0] - frame[i, 0]
            v = frame[j, 1] - frame[i, 1]
            w = frame[j, 2] - frame[i, 2]
            u -= np.rint(u)
            v -= np.rint(v)
            w -= np.rint(w)
            for p in range(-na, na + 1):
                for q in range(-nb, nb + 1):
                    for r in range(-nc, nc + 1):
                        if i == j and p == 0 and q == 0 and r == 0:
                            continue
                        x = (u + p) * ax + (v + q) * bx + (w + r) * cx
                        y = (u + p) * ay + (v + q) * by + (w + r) * cy
                        z = (u + p) * az + (v + q) * bz + (w + r) * cz
                        d2 = x * x + y * y + z * z
                        shortest = min(shortest, d2)
                        if d2 < limit:
                            coordination[i] += 1
                            coordination[j] += 1
    good = 0
    cations = 0
    for i in range(n):
        if highest[codes[i]] > 0.0:
            cations += 1
            if lowest[codes[i]] <= coordination[i] <= highest[codes[i]]:
                good += 1
    return np.sqrt(shortest), good, cations
