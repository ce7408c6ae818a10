"""Conversations with the services, one module for each."""
