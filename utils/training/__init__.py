"""03 and 04: from samples to an adapter, and from an adapter to a merged model."""
