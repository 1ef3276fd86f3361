"""The rules of the queue: priority, then turns between users, then the order of submission."""

from xray_core.jobs.order import Job, choose_next, order_waiting

Names = list[str]


def names(jobs: list[Job]) -> Names:
    return [job.run for job in jobs]


def test_users_take_turns_however_many_runs_each_has_submitted() -> None:
    jobs = [Job(f"a{n}", user="ann", rank=n) for n in range(3)]
    jobs += [Job("b", user="bob", rank=9), Job("c", user="", rank=8)]

    assert names(order_waiting(jobs, {"ann": 1, "bob": 3, "": 2})) == ["a0", "c", "b", "a1", "a2"]


def test_who_has_fewer_runs_running_goes_first() -> None:
    jobs = [
        Job("running", "started", user="ann"),
        Job("a", user="ann", rank=1),
        Job("b", user="bob", rank=2),
    ]

    assert names(order_waiting(jobs, {"bob": 5})) == ["b", "a"]


def test_a_higher_priority_goes_before_all_turns() -> None:
    jobs = [
        Job("running", "started", user="ann"),
        Job("b", user="bob"),
        Job("low", user="carl", priority=-1),
        Job("urgent", user="ann", priority=1),
    ]

    assert names(order_waiting(jobs, {})) == ["urgent", "b", "low"]


def test_what_was_interrupted_goes_before_every_priority() -> None:
    jobs = [Job("urgent", priority=9), Job("interrupted", interrupted=True, rank=5)]

    assert names(order_waiting(jobs, {})) == ["interrupted", "urgent"]


def test_among_ones_own_the_rank_decides_and_the_name_among_equals() -> None:
    jobs = [Job("c", rank=1), Job("b", rank=2), Job("a", rank=1)]

    assert names(order_waiting(jobs, {})) == ["a", "c", "b"]


def test_the_paused_are_passed_over() -> None:
    jobs = [Job("a", paused=True), Job("b")]

    assert names(order_waiting(jobs, {})) == ["b"]
    assert choose_next(jobs[:1], {}, slots=5) is None


def test_who_is_at_the_limit_for_one_user_waits_and_others_pass() -> None:
    jobs = [
        Job("running", "started", user="ann"),
        Job("a", user="ann", priority=9),
        Job("b", user="bob"),
    ]

    chosen = choose_next(jobs, {}, slots=5, per_user=1)

    assert chosen
    assert chosen.run == "b"
    assert choose_next(jobs[:2], {}, slots=5, per_user=1) is None


def test_a_run_gets_gpus_that_no_other_has() -> None:
    jobs = [Job("x", "started", devices="1"), Job("a", gpus=2, rank=1), Job("b", rank=2)]

    chosen = choose_next(jobs, {}, slots=9, gpus=[0, 1, 3])

    assert chosen
    assert (chosen.run, chosen.device_list) == ("a", [0, 3])


def test_a_run_that_needs_more_gpus_than_are_free_holds_up_those_behind() -> None:
    jobs = [Job("x", "started", devices="1"), Job("a", gpus=2, rank=1), Job("b", rank=2)]

    assert choose_next(jobs, {}, slots=9, gpus=[0, 1]) is None


def test_a_run_that_asks_for_more_gpus_than_there_are_gets_them_all() -> None:
    chosen = choose_next([Job("a", gpus=4)], {}, slots=9, gpus=[0, 1])

    assert chosen
    assert chosen.devices == "0,1"


def test_without_gpus_a_run_gets_none() -> None:
    chosen = choose_next([Job("a", gpus=4)], {}, slots=1)

    assert chosen == Job("a", gpus=4)


def test_thousands_that_wait_are_ordered_at_once() -> None:
    jobs = [Job(f"{n:05}", user=str(n % 30), rank=n) for n in range(9000)]

    assert names(order_waiting(jobs, {})) == sorted(job.run for job in jobs)
