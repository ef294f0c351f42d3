"""Compositions and structures: what ions there are, how modules become crystals, which trials are sound.

Crystallography that needs ASE, spglib or pymatgen lives in modules of its own (`formats`, `symmetry`, `identity`), so
that a search starts without loading them.
"""
