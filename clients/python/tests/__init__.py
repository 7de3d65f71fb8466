"""Tests against the real server. Run them from the repository's root:

python3 -m unittest discover -s clients/python/tests -t clients/python
"""
