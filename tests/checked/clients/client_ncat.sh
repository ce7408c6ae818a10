#!/bin/bash
# An echo client for Bash with ncat, which reports the connection itself.
trap '' PIPE  # a server that has closed must not end this script
read -r -p "Хост [localhost]: " host
while read -r -p "Порт [9090]: " port && [[ ! ${port:=9090} =~ ^[0-9]{1,5}$ ]]; do
    echo "Порт - это число."
done
coproc ncat -v "${host:-localhost}" "$port"
exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}"
while read -r line && [ "$line" != exit ]; do
    printf '%s\n' "$line" >&4 || break
    echo "Отправлено: $line"
    if ! IFS= read -r reply <&3; then
        echo "Сервер закрыл соединение."
        break
    fi
    echo "Получено: ${reply//[[:cntrl:]]/?}"
done
echo "Соединение закрыто."
