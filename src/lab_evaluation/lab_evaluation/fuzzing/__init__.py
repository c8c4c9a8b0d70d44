"""Hostile inputs, made by hypothesis, and what may become of them: a value, or one sentence."""
