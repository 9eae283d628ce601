"""The experiment of docs/plan.md: which studies it is made of, what runs them, what tells of them.

Usage: python -m experiments --help
"""
