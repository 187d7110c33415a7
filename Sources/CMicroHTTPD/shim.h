// The door to libmicrohttpd. Nothing but HTTP imports it.
#pragma once
#include <microhttpd.h>
