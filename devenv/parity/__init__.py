"""The proof that the modes are the same platform: facts measured in each, and compared."""
