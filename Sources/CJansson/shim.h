// The door to jansson. Nothing but JSON imports it.
#pragma once
#include <jansson.h>
