"""The stack: compose.yaml, read by the real Compose into frozen dataclasses."""
