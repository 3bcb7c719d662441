"""Who calls whom: a small abstract interpreter in two phases, a summary per file and one fixpoint over them all."""
