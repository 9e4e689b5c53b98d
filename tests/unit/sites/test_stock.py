import pytest

from footfall.sites.content import goods
from footfall.sites.stock import RESTOCK_S, SoldOut, Stock


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


PRODUCTS = [p for p in goods.products().values() if p.stock in ("2", "3")]


def test_orders_empty_the_shelf_and_time_fills_it() -> None:
    clock = Clock()
    stock = Stock(clock)
    product = PRODUCTS[0]
    full = int(product.stock)
    stock.take({product: full})
    assert stock.left(product) == 0
    clock.now += RESTOCK_S
    assert stock.left(product) == 1
    clock.now += 100 * RESTOCK_S
    assert stock.left(product) == full


def test_an_order_is_taken_whole_or_not_at_all() -> None:
    stock = Stock(Clock())
    one, other = PRODUCTS[:2]
    with pytest.raises(SoldOut) as refusal:
        stock.take({one: 1, other: 9})
    assert refusal.value.product == other
    assert refusal.value.left == int(other.stock)
    assert stock.left(one) == int(one.stock)


def test_taking_twice_adds_up() -> None:
    stock = Stock(Clock())
    product = PRODUCTS[0]
    stock.take({product: 1})
    stock.take({product: 1})
    assert stock.left(product) == int(product.stock) - 2


def test_a_spoiled_line_of_the_list_is_an_error() -> None:
    (spoiled,) = [p for p in goods.products().values() if not p.stock.isdigit()]
    with pytest.raises(ValueError, match="ask Jonas"):
        Stock(Clock()).left(spoiled)
