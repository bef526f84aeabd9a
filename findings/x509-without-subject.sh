#!/usr/bin/env bash
# Seen 2026-11-29 with Node 20.20.2. Its documentation and types say that subject and issuer of an X509Certificate are texts. Of a
# certificate whose subject is empty, as Pebble signs them and Let's Encrypt does in its profiles without a common name, they are undefined:
# whoever works with the text throws a TypeError on exactly the certificates of production, and on none of a test with CN=....
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out certificate.pem -days 1 -subj / -addext subjectAltName=DNS:errors.example.com 2>/dev/null

found=$(node -e "const { subject, issuer, subjectAltName } = new (require('node:crypto').X509Certificate)(require('node:fs').readFileSync('certificate.pem')); console.log(typeof subject, typeof issuer, subjectAltName)")
echo "subject, issuer, names: $found"
[ "$found" = "undefined undefined DNS:errors.example.com" ]
