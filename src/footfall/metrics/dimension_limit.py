"""How many values of a dimension get figures of their own; all further ones share the row `(other)`.

A visitor who makes up paths would otherwise create a row for each event. The sums over all values stay exact.
"""

from typing import Final

# Per minute and site; in the live tables also per partition. The pages that people really open within a minute are
# far fewer, even on a large news site.
MOST_VALUES: Final = 1_000
OTHER: Final = "(other)"
# The dimensions whose values a visitor can make up, with the value of the common row. Paths begin with a slash. An
# error is named by its code, message and page.
LIMITED: Final = {"page": OTHER, "section": OTHER, "error": f"{OTHER}\x1f\x1f"}
