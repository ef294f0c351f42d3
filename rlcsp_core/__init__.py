"""Crystal structure prediction by reinforcement learning: engine, agents, search and storage."""

__version__ = "0.1.0"
