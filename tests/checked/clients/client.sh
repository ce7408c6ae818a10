#!/bin/bash
# An echo client for Bash, which opens TCP connections itself: ./client.sh HOST PORT
trap '' PIPE  # a server that has closed must not end this script
if ! { exec 3<>"/dev/tcp/$1/$2"; }; then
    echo "Cannot connect to $1, port $2."
    exit 1
fi
echo "Connected to $1, port $2."
while read -r -p "> " line && [ "$line" != exit ]; do
    printf '%s\n' "$line" >&3 || break
    echo "Sent: ${#line} characters"
    if ! IFS= read -r reply <&3; then
        echo "The server closed the connection."
        break
    fi
    echo "Received: ${reply//[[:cntrl:]]/?}"
done
echo "Disconnected."
