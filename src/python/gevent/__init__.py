"""The module ``gevent`` as apps find it, on the green threads of a worker."""
