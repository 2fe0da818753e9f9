"""Floors, tables and the document: what turns runs into figures. Without a cloud, and without packages."""

import types

import pytest
from bench import document, floor, measure, series, table
from bench.cloud import ALL, Least, Limit, Wrong


def world(latency=0.05, **limits):
    return types.SimpleNamespace(latency=latency, limits=limits, name="w", describe=lambda workload: "conditions")


def bounds(least, where):
    return [
        floor.seconds(least, where),
        floor.seconds_with_burst(least, where),
        floor.seconds_in_flight(least, where, 16),
    ]


def test_requests_by_rate_and_what_a_full_bucket_takes_off():
    least = Least(4000, 2, "")
    assert bounds(least, world(all=Limit(100, 100))) == [40, 39, 39]
    # Where the rate is high, it is the chain, or how many are in flight.
    assert bounds(least, world(all=Limit(40000, 40000))) == [0.1, 0.1, 12.5]
    assert bounds(least, world()) == [0.1, 0.1, 12.5]


def test_a_chain_of_requests_takes_its_latencies():
    assert bounds(Least(3, 3, ""), world(latency=0.2)) == pytest.approx([0.6, 0.6, 0.6])
    # And where nothing is known there is no floor.
    assert bounds(Least(3, 3, ""), world(latency=0)) == [None, None, None]


def test_the_slowest_of_several_buckets_decides():
    least = Least(42, 2, "", {"writes": 41, "writes of an identity": 7})
    limits = {"writes": Limit(10, 200), "writes of an identity": Limit(0.25, 5), "reads": Limit(0.001, 0)}
    assert bounds(least, world(**limits)) == [28, 8, 8]


def test_requests_come_out_of_one_bucket_unless_more_is_said():
    assert Least(7, 1, "").taken() == {ALL: 7}


def outcome(requests=100, wall=2.0, failures=()):
    runs = [] if wall is None else [measure.Figures(requests, wall, 1.0, 50.0, 0.5)]
    return series.Outcome(runs, list(failures))


@pytest.fixture
def result():
    cloud = types.SimpleNamespace(NAME="c", CHECKED="what is right", floor=lambda phase, workload: Least(80, 2, ""))
    return table.Result(cloud, types.SimpleNamespace(repeat=1))


def rows(result):
    lines = [line for line in result.markdown().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def add(result, peer, outcome):
    limits = world(all=Limit(100, 40))
    result.add(limits, types.SimpleNamespace(n=1000), "apply", types.SimpleNamespace(name=peer), outcome)


def test_a_row_says_how_far_a_client_is_from_the_floors_and_from_cloudgrant(result):
    add(result, "cloudgrant", outcome())
    add(result, "other", outcome(requests=150, wall=8.0))
    head, least, ours, other = rows(result)
    assert least[3:5] == ["80", "0.80 / 0.40 / 0.40"]
    assert ours == ["1,000", "apply", "cloudgrant", "100", "2.00", "1.00", "50", "2.50", "5.00", "", ""]
    assert other[7:] == ["10", "20", "20", "1.50, 4.00, 1.00, 1.00"]
    assert len(head) == len(least) == len(ours) == len(other)
    assert "25% of a core" in result.markdown() and not result.failed


def test_failed_runs_are_shown_and_count(result):
    add(result, "cloudgrant", outcome(failures=["it is | odd"]))
    add(result, "other", outcome(wall=None, failures=["gone"]))
    head, _, ours, other = rows(result)
    assert ours[2] == "cloudgrant (1 of 2 runs **failed**)" and "gone" in other[3]
    assert len(head) == len(other) and result.failed


def test_a_median_is_of_each_measure():
    runs = [measure.Figures(5, wall, cpu, 1.0) for wall, cpu in [(3.0, 1.0), (1.0, 9.0), (2.0, 2.0)]]
    middle = measure.median(runs)
    assert (middle.requests, middle.wall, middle.cpu) == (5, 2.0, 2.0)


def test_a_run_with_too_few_requests_or_a_plan_that_wrote_is_refused():
    with pytest.raises(Wrong, match="80 are the least"):
        series._enough(measure.Figures(79, 1.0, 1.0, 1.0), Least(80, 2, "because"))
    series._enough(measure.Figures(80, 1.0, 1.0, 1.0), Least(80, 2, "because"))
    cloud = types.SimpleNamespace(is_read=lambda action: action == "read")
    with pytest.raises(Wrong, match="a plan wrote"):
        series._reads_only(cloud, "no-op", {"read": 1, "write": 1})
    series._reads_only(cloud, "apply", {"write": 1})


def test_a_section_of_the_document_is_replaced_and_nothing_else():
    text = "a\n<!-- table: x -->\nold\n<!-- /table: x -->\nb\n<!-- table: y -->\n<!-- /table: y -->\n"
    new = document.replaced(text, "x", "new\n")
    assert new == text.replace("old", "new")
    assert document.replaced(new, "x", "new\n") == new
    with pytest.raises(SystemExit, match="no place"):
        document.replaced(text, "z", "new")
