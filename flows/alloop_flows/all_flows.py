"""All flows, by the names they have in Prefect."""

from __future__ import annotations

from typing import Any

from prefect import Flow

from alloop_flows.alert import alert
from alloop_flows.backtest import backtest
from alloop_flows.ingest import ingest
from alloop_flows.rederive import rederive
from alloop_flows.release import release
from alloop_flows.report import report
from alloop_flows.review import review
from alloop_flows.rounds import campaign_round

FLOWS: tuple[Flow[..., Any], ...] = (
    alert,
    backtest,
    campaign_round,
    ingest,
    rederive,
    release,
    report,
    review,
)
