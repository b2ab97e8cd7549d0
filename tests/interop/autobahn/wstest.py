"""wstest, listening on the loopback interface only. Runs in Python 2.7.

WSTEST_DEFLATE_MESSAGES is the number of messages in each case of sections 12 and 13, instead of 1000.
"""
import os

import autobahntestsuite  # chooses the reactor, so it comes first
from autobahntestsuite import wstest
from autobahntestsuite.case import Cases
from twisted.internet import reactor

listen = reactor.listenTCP
reactor.listenTCP = lambda port, factory, *args, **kwargs: listen(port, factory, interface="127.0.0.1")

messages = int(os.environ.get("WSTEST_DEFLATE_MESSAGES", "0"))
if messages > 0:
    for case in Cases:
        if hasattr(case, "COUNT") and hasattr(case, "TESTDATA"):
            case.COUNT = messages

wstest.run()
