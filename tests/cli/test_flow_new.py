"""A new questionnaire works as it is."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from satark.cli.flow import flow


def test_a_new_flow_has_no_problems_and_is_answered_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "pothole"
    made = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (made.exit_code, "satark flow check" in made.output) == (0, True)
    file = str(folder / "pothole.yaml")
    checked = CliRunner().invoke(flow, ["check", file])
    assert checked.stdout == "The flow has no problems.\n"
    assert "note: no step has `means: own_voice`: every recording counts as the tipster's own" in checked.stderr
    typed = "\n".join(["1", "1", "There is a hole in the road", "Lanka", "send", "no", ""])
    assert "0000 0000 0000 0000" in CliRunner().invoke(flow, ["preview", file], input=typed).output
    again = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (again.exit_code, "exists already" in again.output) == (1, True)
