"""A whole organisation on a local chain: started, aged, shown, and put back to its first day."""
