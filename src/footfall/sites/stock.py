"""The shop's stock: orders reduce it, and it refills one piece at a time."""

import threading
import time
from collections.abc import Callable, Mapping

from footfall.sites.content.goods import Product, pieces

# Each product regains one piece per this many seconds, so a small stock sells out now and then under full load.
RESTOCK_S = 120.0


class SoldOut(Exception):
    """An order wants more of `product` than the `left` pieces."""

    def __init__(self, product: Product, left: int) -> None:
        super().__init__(f"{product.title}: {left} left")
        self.product = product
        self.left = left


class Stock:
    """The pieces left of each product. Safe for any thread. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[int, float]] = {}

    def left(self, product: Product) -> int:
        """The pieces in stock now; ValueError if the warehouse's list is wrong for this product."""
        with self._lock:
            return self._left(product)

    def take(self, lines: Mapping[Product, int]) -> None:
        """Takes all pieces of an order or none: raises SoldOut for the first product that has too few."""
        with self._lock:
            for product, quantity in lines.items():
                left = self._left(product)
                if left < quantity:
                    raise SoldOut(product, left)
            for product, quantity in lines.items():
                missing = pieces(product.stock) - self._left(product)
                self._taken[product.slug] = (missing + quantity, self._clock())

    def _left(self, product: Product) -> int:
        full = pieces(product.stock)
        missing, since = self._taken.get(product.slug, (0, 0.0))
        returned = int((self._clock() - since) / RESTOCK_S)
        return full - max(0, missing - returned)
