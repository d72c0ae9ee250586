"""Fixes of real CVEs as plain livepatch modules, made from what Debian ships."""
