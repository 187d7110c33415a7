// The door to libzmq (zmq(7)). Nothing but ZeroMQ imports it.
#pragma once
#include <zmq.h>
