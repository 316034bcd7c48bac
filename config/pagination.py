"""How lists are paged."""

from rest_framework.pagination import LimitOffsetPagination


class Page(LimitOffsetPagination):
    """``?limit=&offset=``; the answer is ``{"count", "next", "previous", "results"}``."""

    default_limit = 100
    max_limit = 1000
