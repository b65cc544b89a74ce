#!/usr/bin/python3
"""Lets clients that know TCP alone reach a server that listens on a Unix socket.

Listens on a free port of 127.0.0.1, prints its number, and forwards each connection to the server of PGHOST and PGPORT.
Ends with its standard input, so that it does not outlive whoever started it.
"""
import os
import socket
import sys
import threading


def connect_to_server():
    host, port = os.environ["PGHOST"], os.environ.get("PGPORT", "5432")
    if not host.startswith("/"):
        return socket.create_connection((host, int(port)))
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def pump(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1])
sys.stdout.close()
while True:
    client, _ = listener.accept()
    server = connect_to_server()
    for ends in ((client, server), (server, client)):
        threading.Thread(target=pump, args=ends, daemon=True).start()
