"""01: facts from source. Nothing of the repository is ever imported or executed."""
