"""`PYTHONPATH=tests python -m vectors` writes `tiles.json`."""

from vectors.make import make_vectors
from vectors.store import save

save(make_vectors())
