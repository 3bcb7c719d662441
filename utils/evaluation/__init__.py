"""05 and 06: asking models, and grading what they answer by its claims."""
