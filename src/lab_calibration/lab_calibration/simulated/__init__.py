"""Calibrations of which the truth is known: rendered boards, arms with joint errors."""
