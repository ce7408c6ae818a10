"""Fast transports: an epoll loop of their own, and a TCP transport that sends immediately."""
