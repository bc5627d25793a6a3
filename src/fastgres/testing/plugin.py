"""The pytest plugin of fastgres."""
