"""What the Python workers share: their arguments, and the one line that says where they are.

Every worker takes one of
    --bind tcp://127.0.0.1:*        prints "bound tcp://127.0.0.1:41235" once clients can connect
    --connect tcp://127.0.0.1:5571  prints "connecting to tcp://127.0.0.1:5571"
"""

import argparse

import zmq


def arguments(about, bind=None, connect=None):
    """A parser with --bind and --connect; the program adds its own options. One of the two is the default."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--bind", metavar="ENDPOINT", help=f"default: {bind}" if bind else None)
    where.add_argument("--connect", metavar="ENDPOINT", help=f"default: {connect}" if connect else None)
    parser.set_defaults(default_bind=bind, default_connect=connect)
    return parser


def attach(socket, options):
    """Binds or connects the socket as the options say."""
    if not options.bind and not options.connect:
        options.bind, options.connect = options.default_bind, options.default_connect
    if options.bind:
        bind(socket, options.bind)
    else:
        socket.connect(options.connect)
        print("connecting to", options.connect, flush=True)


def bind(socket, endpoint):
    """Binds the socket and says where; port * is any free one."""
    socket.bind(endpoint)
    print("bound", socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
