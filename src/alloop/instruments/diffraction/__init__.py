"""Powder patterns to phases and weight fractions."""
