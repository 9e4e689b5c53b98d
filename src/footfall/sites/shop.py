"""The shop: categories, products, a cart, a checkout with limited stock, and orders whose lines are purchase events."""

from typing import Any, Final, cast

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from footfall.recommendations.offer import Item
from footfall.sites import accounts
from footfall.sites.catalogue import Catalogue
from footfall.sites.content import goods
from footfall.sites.content.goods import Product
from footfall.sites.pages import impression, show
from footfall.sites.searching import did_you_mean, search_events, term_of_request
from footfall.sites.security import check_token
from footfall.sites.stock import SoldOut, Stock

blueprint = Blueprint("shop", __name__)
CURRENCY: Final = "EUR"
_ITEM: Final = "product"
_MOST_LINES: Final = 12
_MOST_PIECES: Final = 9
_ORDERS_KEPT: Final = 3
_RESULTS: Final = 24
_FREE_DELIVERY_CENTS: Final = 7_500
_DELIVERY_CENTS: Final = 490


def euros(cents: int) -> str:
    """`123450` as `€1,234.50`."""
    return f"€{cents // 100:,}.{cents % 100:02d}"


@blueprint.app_context_processor
def _frame() -> dict[str, Any]:
    """The values that every page's header needs."""
    return {"categories": goods.categories(), "cart_count": sum(_cart().values())}


@blueprint.get("/")
def home() -> Response:
    return show(
        "shop/home.html", "home", "home", products=goods.popular(16), events=[impression("popular")], list_id="popular"
    )


@blueprint.get("/category/<slug>")
def category(slug: str) -> Response:
    shelf = next((c for c in goods.categories() if c.slug == slug), None)
    if shelf is None:
        abort(404)
    products = goods.in_category(shelf)
    orders = {
        "price": lambda p: (p.price_cents, p.slug),
        "rating": lambda p: (-p.rating, p.slug),
        "name": lambda p: (p.title, p.slug),
    }
    sort = request.args.get("sort", "")
    if sort in orders:
        products = sorted(products, key=orders[sort])
    return show("shop/category.html", "list", slug, category=shelf, products=products, sort=sort, list_id=slug)


@blueprint.get("/product/<slug>")
def product(slug: str) -> Response:
    found = _product_or_404(slug)
    return show(
        "shop/product.html",
        "product",
        found.category.slug,
        item=(_ITEM, slug),
        events=[impression("related")],
        product=found,
        left=_stock().left(found),
        related=goods.related(found, 4),
        currency=CURRENCY,
    )


@blueprint.get("/search")
def search() -> Response:
    term = term_of_request()
    found = goods.search(term) if term else []
    guesses = did_you_mean(term, [p.title for p in goods.products().values()]) if term and not found else []
    return show(
        "shop/search.html",
        "search",
        "search",
        events=search_events(term, len(found)),
        term=term,
        count=len(found),
        products=found[:_RESULTS],
        guesses_for=guesses,
        list_id="search",
    )


@blueprint.get("/cart")
def cart() -> Response:
    return show("shop/cart.html", "cart", "cart", **_totals(_lines()))


@blueprint.post("/cart/add")
def add_to_cart() -> Response:
    check_token()
    chosen = _product_or_404(request.form.get("item", ""))
    quantity = _number(request.form.get("quantity", "1"))
    kept = _cart()
    if quantity and (chosen.slug in kept or len(kept) < _MOST_LINES):
        kept[chosen.slug] = min(_MOST_PIECES, kept.get(chosen.slug, 0) + quantity)
    _keep(kept)
    return redirect(url_for("shop.cart"), 303)


@blueprint.post("/cart/change")
def change_cart() -> Response:
    check_token()
    kept = _cart()
    slug = request.form.get("item", "")
    if slug in kept:
        kept[slug] = min(_MOST_PIECES, _number(request.form.get("quantity", "0")))
    _keep(kept)
    return redirect(url_for("shop.cart"), 303)


@blueprint.get("/checkout")
def checkout() -> Response:
    lines = _lines()
    if not lines:
        return redirect(url_for("shop.cart"), 303)
    return show("shop/checkout.html", "checkout", "checkout", given={}, missing=(), sold_out=None, **_totals(lines))


@blueprint.post("/checkout")
def place_order() -> Response:
    check_token()
    lines = _lines()
    if not lines:
        return redirect(url_for("shop.cart"), 303)
    fields = ("email", "name", "street", "city")
    given = {field: request.form.get(field, "").strip()[:200] for field in fields}
    missing = [field for field in fields if not given[field] or (field == "email" and "@" not in given[field])]
    sold_out: SoldOut | None = None
    if not missing:
        try:
            _stock().take(dict(lines))
        except SoldOut as refusal:
            sold_out = refusal
    if missing or sold_out is not None:
        status = 422 if missing else 409
        values = {**_totals(lines), "given": given, "missing": missing, "sold_out": sold_out}
        return show("shop/checkout.html", "checkout", "checkout", status=status, **values)
    _ask_the_bank(_totals(lines)["total_cents"])
    order_id = current_app.config["NEW_ID"]()
    placed = {"id": order_id, "lines": [[p.slug, quantity] for p, quantity in lines], "told": False}
    session["orders"] = [*session.get("orders", ()), placed][-_ORDERS_KEPT:]
    session.pop("cart", None)
    return redirect(url_for("shop.order", order_id=order_id), 303)


@blueprint.get("/order/<order_id>")
def order(order_id: str) -> Response:
    placed = next((o for o in session.get("orders", ()) if o["id"] == order_id), None)
    if placed is None:
        abort(404)
    lines = [(goods.products()[slug], quantity) for slug, quantity in placed["lines"] if slug in goods.products()]
    # The purchase is emitted once: reloading this page is not another purchase.
    events = [] if placed["told"] else [_purchase(order_id, *line) for line in lines]
    session["orders"] = [{**o, "told": o["told"] or o is placed} for o in session["orders"]]
    return show("shop/order.html", "checkout", "order", events=events, order_id=order_id, **_totals(lines))


@blueprint.get("/account")
def account() -> Response:
    if accounts.current_user() is None:
        return accounts.redirect_to_login()
    orders = [
        (o["id"], sum(goods.products()[slug].price_cents * quantity for slug, quantity in o["lines"]))
        for o in reversed(session.get("orders", ()))
    ]
    return show("shop/account.html", "account", "account", orders=orders)


def _find(item: Item) -> Product | None:
    item_type, slug = item
    return goods.products().get(slug) if item_type == _ITEM else None


def _taken() -> list[Item]:
    ordered = [slug for order in session.get("orders", ()) for slug, _ in order["lines"]]
    return [(_ITEM, slug) for slug in (*_cart(), *ordered)]


CATALOGUE: Final = Catalogue(
    "shop/for_you.html",
    size=4,
    find=_find,
    popular=lambda: [(_ITEM, product.slug) for product in goods.popular(16)],
    taken=_taken,
)


def _purchase(order_id: str, bought: Product, quantity: int) -> dict[str, Any]:
    return {
        "event_type": "purchase",
        "element": "order-line",
        "order_id": order_id,
        "item_id": bought.slug,
        "item_type": _ITEM,
        "quantity": quantity,
        "value_cents": bought.price_cents * quantity,
        "currency": CURRENCY,
    }


def _ask_the_bank(cents: int) -> None:
    """Simulates the delay of a payment: longer for larger amounts, always under half a second."""
    current_app.config["WAIT"](0.08 + min(cents, 80_000) / 80_000 * 0.3)


def _stock() -> Stock:
    return cast(Stock, current_app.config["STOCK"])


def _product_or_404(slug: str) -> Product:
    found = goods.products().get(slug)
    if found is None:
        abort(404)
    return found


def _cart() -> dict[str, int]:
    kept = session.get("cart", {})
    # The cookie is ours but may be old: products that are no longer sold are left out.
    return {slug: quantity for slug, quantity in kept.items() if slug in goods.products()}


def _keep(cart_of: dict[str, int]) -> None:
    session["cart"] = {slug: quantity for slug, quantity in cart_of.items() if quantity > 0}
    session.permanent = True


def _lines() -> list[tuple[Product, int]]:
    return [(goods.products()[slug], quantity) for slug, quantity in _cart().items()]


def _totals(lines: list[tuple[Product, int]]) -> dict[str, Any]:
    goods_cents = sum(p.price_cents * quantity for p, quantity in lines)
    delivery = 0 if goods_cents >= _FREE_DELIVERY_CENTS or not lines else _DELIVERY_CENTS
    return {"lines": lines, "delivery_cents": delivery, "total_cents": goods_cents + delivery}


def _number(text: str) -> int:
    """A quantity from a form; 0 if the text is not a number of up to three digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
