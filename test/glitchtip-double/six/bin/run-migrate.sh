#!/bin/bash
# Brings the database to this version: tables, cache table, partitions.
set -e
./manage.py migrate --skip-checks
./manage.py createcachetable
./manage.py maintain_partitions
