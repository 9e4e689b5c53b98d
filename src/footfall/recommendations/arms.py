"""The experiment with lists: which visitor belongs to which arm. Pure.

An arm follows from the id of the browser alone, so a visitor stays in it, nothing has to be stored, and any process
gives the same answer. The arm is what was intended: whoever belongs to `recommended` and has no list of their own sees
what is popular, and still counts for `recommended`.
"""

from hashlib import blake2b
from typing import Final, Literal

Arm = Literal["recommended", "popular"]
RECOMMENDED: Final = "recommended"
POPULAR: Final = "popular"
# The name of the list in events, and of the experiment: another experiment would divide visitors in another way.
LIST_ID: Final = "for-you"


def arm_of(anonymous_id: str) -> Arm:
    """The arm of a browser; half of all browsers are in each."""
    digest = blake2b(f"{LIST_ID}/{anonymous_id}".encode("utf-8", "replace"), digest_size=1).digest()
    return RECOMMENDED if digest[0] & 1 else POPULAR
