"""Completion script for bash 4 or newer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twisted_lab.command.tree import Place
from twisted_lab.command.values import values
from twisted_lab.text.option import Option

# `words` are joined by |; each of `options` has = and its values behind it if it takes one. bash
# makes an = a word of its own.
_SCRIPT = r"""# Completion of netlab for bash, made by `netlab completion bash`.
_netlab_place() {
    case $1 in
%s
    *) return 1 ;;
    esac
}

_netlab_offer() {
    case $1 in
    FILE | FOLDER) compopt -o default ;;
    HOST) COMPREPLY=($(compgen -A hostname -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "${1//|/ }" -- "$current")) ;;
    esac
}

_netlab() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local place='' words options word each before i
    _netlab_place ''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]} before=${COMP_WORDS[i - 1]}
        case $word in
        --) compopt -o default; return ;;
        -* | =) continue ;;
        esac
        [[ $before == = || " $options" == *" $before="* ]] && continue
        if _netlab_place "${place:+$place }$word"; then
            place=${place:+$place }$word
        else
            words=''
        fi
    done
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for each in $options; do
        if [[ $each == "$previous="* ]]; then
            _netlab_offer "${each#*=}"
            return
        fi
    done
    if [[ $current == -* ]]; then
        for each in $options; do
            [[ $each == --* ]] && COMPREPLY+=("${each%%%%=*}")
        done
        _netlab_offer "${COMPREPLY[*]}"
    else
        _netlab_offer "$words"
    fi
}

complete -F _netlab netlab"""


def script(places: Mapping[str, Place]) -> str:
    """Return the script that completes what is in `places`."""
    rows = []
    for name, place in places.items():
        words, options = "|".join(place.words), " ".join(_names(place.options))
        rows.append(f"    '{name}') words='{words}' options='{options}' ;;")
    return _SCRIPT % "\n".join(rows)


def _names(options: Iterable[Option[Any]]) -> Iterable[str]:
    for each in options:
        value = "" if each.read is None else "=" + "|".join(values(each))
        yield f"--{each.name}{value}"
        if each.short:
            yield f"-{each.short}{value}"
