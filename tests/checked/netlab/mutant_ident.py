"""netlab-ident, which takes all addresses of a network of 24 bits for one."""

from functools import partial

from mutant import run

from twisted_lab.services import ident

recognize, remember = ident.recognize, ident.remember


def of_network(call, queries, address, **rest):
    return call(queries, address=address.rpartition(".")[0], **rest)


ident.recognize = partial(of_network, recognize)
ident.remember = partial(of_network, remember)
run("ident")
