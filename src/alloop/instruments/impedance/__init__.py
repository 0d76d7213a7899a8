"""Impedance spectra to resistances and conductivities."""
