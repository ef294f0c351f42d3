"""What is known of a crystal, computed once for all sessions."""

from __future__ import annotations

from pages.common.cache import cached
from rlcsp_core.analysis.diffraction import powder_pattern
from rlcsp_core.analysis.verdict import verdict_of_run
from rlcsp_core.crystal.identity import are_duplicates, known_phases
from rlcsp_core.crystal.symmetry import space_group_label, symmetry
from rlcsp_core.plots.thumbnail import thumbnail

phases_of = cached(256)(known_phases)
ending_of = cached(256)(verdict_of_run)
symmetry_of = cached(256)(symmetry)
pattern_of = cached(64)(powder_pattern)
thumbnail_of = cached(1024)(thumbnail)
same_structure = cached(4096)(are_duplicates)
label_of_group = cached(4096)(space_group_label)
