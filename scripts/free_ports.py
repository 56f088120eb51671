#!/usr/bin/env python3
"""Print N ports of this machine that are free now: free_ports.py N."""

import socket
import sys

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
