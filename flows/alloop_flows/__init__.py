"""Prefect flows of alloop, and what keeps them running: thin over `alloop.campaign` and `alloop.upkeep`."""
