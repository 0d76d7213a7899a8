"""Polarisation, voltammetry, cycling and critical currents."""
