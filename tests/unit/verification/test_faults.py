"""Every kind of damage to a consistent world is reported, and nothing else is."""

from collections.abc import Callable

import pytest

from footfall.realtime import tables
from tests.unit.verification import faults
from tests.unit.verification.world import World, kinds, made_world


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (faults.lose_session_cell, {("live", "session_missing")}),
        (faults.invent_session_cell, {("live", "session_extra")}),
        (faults.move_session_cell, {("live", "session_offset")}),
        (faults.raise_a_count, {("live", "row_differs")}),
        (faults.shift_an_error, {("live", "row_differs")}),
        (faults.lower_a_count_of_bots, {("live", "row_differs")}),
        (faults.lose_an_entry, {("live", "row_differs")}),
        (faults.add_an_exit, {("live", "row_differs")}),
        (faults.move_a_city, {("live", "row_differs")}),
        (faults.better_a_vital, {("live", "row_differs")}),
        (faults.move_a_vital, {("live", "row_differs")}),
        (faults.forget_the_vitals, {("live", "row_differs")}),
        (faults.add_a_visitor, {("live", "row_differs")}),
        (faults.lose_a_visitor, {("live", "row_differs")}),
        (faults.lose_a_row, {("live", "row_missing")}),
        (faults.lose_both_cells_of_a_row, {("live", "row_missing")}),
        (faults.invent_a_row, {("live", "row_extra")}),
        (faults.move_a_row_back, {("live", "row_late"), ("live", "row_differs")}),
        (faults.raise_rejected, {("live", "row_differs")}),
        (faults.lose_rejected, {("live", "row_missing")}),
        (faults.promise_an_event, {("ledger", "accepted_missing")}),
        (faults.promise_a_reject, {("ledger", "rejected_missing")}),
        (faults.forget_an_attempt, {("ledger", "never_attempted")}),
        (faults.renumber_an_attempt, {("ledger", "seq_differs")}),
        (faults.misplace_a_record, {("kafka", "wrong_partition")}),
    ],
)
def test_each_fault_is_reported(fault: Callable[[World], str], named: set[tuple[str, str]]) -> None:
    world = made_world()
    offender = fault(world)
    report = world.verify()
    assert not report.ok
    assert kinds(report) == named
    assert any(offender in name for problem in report.problems for name in problem.ids), report.problems
    assert all(problem.app_id and problem.hour for problem in report.problems)


def test_a_cell_of_visitors_may_have_an_earlier_offset_if_no_visitor_is_missing() -> None:
    world = made_world()
    key, column = faults.row_of(faults.newest(world))
    found = tables.decode_visitors(world.cells.get("active_users", key)[column])
    cell = tables.encode_visitors(found.offset - 1, found.people_sketch, found.bots_sketch)
    faults.put(world, "active_users", key, column, cell)
    assert world.verify().ok
