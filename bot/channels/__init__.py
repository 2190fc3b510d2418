"""Channels: each turns what one platform sends into events, and replies into what that platform shows."""
