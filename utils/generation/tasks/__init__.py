"""One module per task: each draws that task's facts from a `Context`."""
