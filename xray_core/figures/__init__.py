"""Plotly figures: tidy table in, figure out; the page's theme gives them their colours."""
