"""The limits on one file."""

from satark_files.limits import MB, Limits


def test_a_small_file_may_unpack_freely_and_a_large_one_within_the_ratio() -> None:
    limits = Limits(expansion=100)
    assert not limits.expands_too_much(packed=1, unpacked=16 * MB)
    assert limits.expands_too_much(packed=1, unpacked=16 * MB + 1)
    assert not limits.expands_too_much(packed=MB, unpacked=100 * MB)
    assert limits.expands_too_much(packed=MB, unpacked=100 * MB + 1)


def test_a_files_processor_time_is_in_proportion_to_its_bytes_and_a_small_ones_is_ten_seconds() -> None:
    limits = Limits()
    assert [limits.cpu_for(size * MB) for size in (0, 1, 5, 20, 100)] == [10, 10, 10, 40, 60]
    assert Limits(cpu_seconds=3).cpu_for(20 * MB) == 3
