#!/bin/sh
# What `npm run bench` needs beyond `npm ci`: the load generator and the alternatives that the gateway is measured beside.
# For Debian 12 and its kin, as root.
set -eu
cd "$(dirname "$0")"
apt-get update
apt-get install --yes --no-install-recommends wrk redis-server
npm ci
