"""The lake: what it is declared to be, and the client side that makes it so."""
