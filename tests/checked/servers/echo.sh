#!/usr/bin/env bash
# ncat starts a small program for each client; tee shows on the console what it returns.
trap 'echo "Server stopped"; exit' INT

read -r -p "Port [9090]: " port
[[ $port =~ ^[1-9][0-9]{0,4}$ ]] || port=9090

serve='echo "Client connected" >&2
    echo "Received and sent:" >&2; tee /dev/stderr
    echo "Client disconnected" >&2'

while true; do
    echo "The server listens on port $port, if it is free."
    ncat --listen --keep-open --sh-exec "$serve" 0.0.0.0 "$port"
    ((port += 1))
done
