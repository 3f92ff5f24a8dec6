"""How long devenv takes, always beside the same thing done with bare commands in the same minute."""
