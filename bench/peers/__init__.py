"""The servers that ours are compared with, each as its library's own documentation has it."""

BACKLOG = 1024
