"""Fast transport: a TCP transport that sends immediately, and an epoll loop for it."""
