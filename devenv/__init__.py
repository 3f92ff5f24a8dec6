"""devenv: the crypto lakehouse platform on this machine, the same in every mode."""

__version__ = "0.1.0"
