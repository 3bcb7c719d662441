"""A second reading of the repository, by means of its own: what `verify.py` proves claims with.

Nothing here is shared with the analysis: files are listed, parsed, named and resolved anew, so that a mistake in the
analysis becomes a refuted claim and not a false sample.
"""
