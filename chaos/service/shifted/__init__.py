"""A folder for PYTHONPATH: what is in it is found first."""
