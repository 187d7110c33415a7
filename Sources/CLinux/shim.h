// The door to the Linux calls a reactor needs: epoll(7), eventfd(2), timerfd_create(2), signalfd(2). Nothing but Reactors imports it.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
