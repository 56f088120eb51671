#!/usr/bin/env bash
# Makes the certificates of the TLS tests anew. They are for tests alone: the keys are public.
set -euo pipefail
cd "$(dirname "$0")"

days=36500
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

key ca.key
openssl req -x509 -new -key ca.key -days $days -subj "/CN=rme test CA" -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
signed() { # NAME CN SAN USAGE
  key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days $days -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$3" "$4")
}
signed server localhost DNS:localhost,IP:127.0.0.1 serverAuth
signed client client-7 DNS:client-7 clientAuth
rm -f ./*.csr ./*.srl ca.key
