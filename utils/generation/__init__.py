"""02: facts worded as questions and answers, every claim of which is proven before a sample is written."""
