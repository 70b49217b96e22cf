"""Extracting answers from a model's text and judging them."""
