from hypothesis import given
from hypothesis import strategies as st

from quorate_server.admission.demand import Demand
from quorate_server.admission.queue import DeadlineQueue
from quorate_server.admission.ticket import Ticket


def ticket(due: float, number: int) -> Ticket:
    return Ticket(Demand(), 0.0, (due, number), lambda _: None)


def test_nobody_is_next_in_an_empty_queue() -> None:
    queue = DeadlineQueue()
    assert queue.head is None
    assert not queue.remove(ticket(1.0, 1))


def test_of_those_due_together_who_came_first_is_first() -> None:
    queue = DeadlineQueue()
    first, second = ticket(1.0, 1), ticket(1.0, 2)
    queue.add(second)
    queue.add(first)
    assert list(queue) == [first, second]


@given(st.lists(st.tuples(st.floats(0, 9), st.booleans())))
def test_it_is_always_in_order_and_loses_nobody(steps: list[tuple[float, bool]]) -> None:
    queue, model = DeadlineQueue(), list[Ticket]()
    for number, (due, leaves) in enumerate(steps):
        if leaves and model:
            gone = model.pop(number % len(model))
            assert queue.remove(gone)
            assert not queue.remove(gone)
        else:
            one = ticket(due, number)
            assert queue.place(one) == sum(other.order < one.order for other in model)
            queue.add(one)
            model.append(one)
        model.sort(key=lambda each: each.order)
        assert list(queue) == model
        assert len(queue) == len(model)
        assert queue.head is (model[0] if model else None)
