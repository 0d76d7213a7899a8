"""A campaign on one machine, from end to end: a real server, worker, standby process and watch on loopback."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import resume_flow_run
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from serving import Serving, artifacts_of, events_of, runs_of
from upkeep_lab import PLATE, SECOND, SLUG, Lab

from alloop.cli.app import run as run_command
from alloop.records import EventRow, Records


@pytest.fixture
def serving(lab: Lab) -> Iterator[Serving]:
    made = Serving(lab.home, lab.folder / "serve.log", {"PREFECT_SERVER_API_AUTH_STRING": "lab:secret"})
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGKILL)


def state_of(records: Records, plate: str) -> str | None:
    return next((row.state for row in records.plates(SLUG) if row.id == plate), None)


def events(records: Records, verb: str) -> list[EventRow]:
    return [event for event in records.events(SLUG) if event.verb == verb]


def test_a_campaign_goes_on_by_itself_and_a_person_approves(lab: Lab, serving: Serving) -> None:
    serving.start()
    records = lab.records()
    settings = {PREFECT_API_URL: serving.api, PREFECT_API_AUTH_STRING: "lab:secret"}
    with temporary_settings(settings), get_client(sync_client=True) as client:

        def form(plate: str) -> FlowRun | None:
            return next(
                (r for r in runs_of(client, "review", "Suspended") if r.parameters["plate"] == plate), None
            )

        # the first round comes by itself and ends with a proposal that waits
        serving.wait_for("a proposal", lambda: state_of(records, PLATE) == "proposed")
        done = serving.wait_for("the round's end", lambda: runs_of(client, "campaign-round", "Completed"))
        assert {"alloop", f"campaign:{SLUG}"} <= set(done[0].tags)
        assert done[0].name == f"{SLUG}: round"
        folder = lab.home / "plates" / PLATE
        assert (folder / "plan.html").is_file()
        assert not (folder / "sheet.html").exists()
        assert PLATE in artifacts_of(client, f"{SLUG}-round")[0]["data"]
        assert "Li2MgCl4" in artifacts_of(client, "small-spinel-001-map")[0]["data"]
        assert artifacts_of(client, "small-spinel-001-wells")
        assert artifacts_of(client, f"{SLUG}-progress")[0]["data"] == 0

        # a form that lacks something is not taken; one that cannot be carried out is followed by another
        waiting = serving.wait_for("a form", lambda: form(PLATE))
        with pytest.raises(RuntimeError, match="'by' is a required property"):
            resume_flow_run(waiting.id, run_input={"decision": "approve"})
        nowhere = {"well": "Z99", "composition": "Li2MgCl4"}
        resume_flow_run(waiting.id, run_input={"decision": "approve", "by": "Ada", "swaps": [nowhere]})
        second = serving.wait_for(
            "another form", lambda: f if (f := form(PLATE)) and f.id != waiting.id else None
        )
        assert "there is no well Z99" in second.parameters["note"]
        assert state_of(records, PLATE) == "proposed"
        resume_flow_run(second.id, run_input={"decision": "approve", "by": "Ada"})
        serving.wait_for("the approval", lambda: state_of(records, PLATE) == "approved")
        serving.wait_for("the release", lambda: events(records, "released"))
        assert (folder / "sheet.html").is_file()
        assert [e.recorded_by for e in events(records, "plate approved")] == ["Ada"]

        # results in the inbox start a round; a bad file keeps nothing else from being recorded
        lab.drop("bad.csv", "sample,ionic_conductivity [bananas]\nSMALL-SPINEL-001-A01,1\n")
        lab.drop_all()
        serving.wait_for("the next proposal", lambda: state_of(records, SECOND) == "proposed")
        assert state_of(records, PLATE) == "complete"
        serving.wait_for("the refusal", lambda: "bad.csv.problems.txt" in " ".join(lab.files("refused")))
        assert len(lab.values()) == 16

        # whoever approves elsewhere closes the form, and the sheets come all the same
        other = serving.wait_for("a form for the second plate", lambda: form(SECOND))
        assert run_command(["--home", str(lab.home), "approve", SECOND, "--by", "bo"]) == 0
        serving.wait_for("the second release", lambda: len(events(records, "released")) == 2)
        closed = serving.wait_for("the closed form", lambda: runs_of(client, "review", "Cancelled"))
        assert [one.id for one in closed] == [other.id]
        assert f"{SECOND} is approved" in closed[0].state.message

        # each change of state is an event, whoever made it
        for name, count in (("plate-proposed", 2), ("plate-approved", 2), ("released", 2), ("round", 2)):
            found = serving.wait_for(
                name, lambda n=f"alloop.{name}", c=count: e if len(e := events_of(client, n)) >= c else None
            )
            assert {event["payload"]["campaign"] for event in found} == {SLUG}
        assert not runs_of(client, "campaign-round", "Failed", "Crashed")
    # two cannot serve one home, and an end leaves nothing behind
    port = str(serving.port)
    assert run_command(["--home", str(lab.home), "serve", "--port", port, "--prefect-port", port]) == 2
    assert serving.end(signal.SIGINT) == 0
