"""Numbers in tables with a true minus: the table still sorts by the numbers and not by their texts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
from pandas.io.formats.style import Styler

from pages.common.wording import number


def with_digits(frame: pd.DataFrame, digits: int | Mapping[str, int]) -> Styler:
    """For `st.dataframe`: so many digits after the point in these columns, or in all that hold fractions."""
    if isinstance(digits, int):
        digits = dict.fromkeys(frame.select_dtypes("floating").columns, digits)
    return frame.style.format(
        {name: partial(number, digits=places) for name, places in digits.items()}, na_rep=""
    )
