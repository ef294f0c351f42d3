"""From every released schema to the present one, by Alembic.  A new database is made at the present schema directly.

To change the schema: change `store/schema.py`, raise its REVISION, and add a file to `versions/` that does the same to
an older database.  The tests compare the two ways.
"""
