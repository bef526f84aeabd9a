#!/bin/bash
# Brings the database to this version: tables, cache table, partitions.
set -e
echo "Run Django migrations"
./manage.py migrate --skip-checks
echo "Create Django cache table, if needed"
./manage.py createcachetable
echo "Create and delete Postgres partitions"
./manage.py pgpartition --yes
