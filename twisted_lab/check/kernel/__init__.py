"""What the kernel knows about a program: what it waits for, and where it listens.

Everything is read from /proc; nothing is sent to the program. See proc_pid_syscall(5),
proc_pid_fdinfo(5) and proc_pid_net(5).
"""
