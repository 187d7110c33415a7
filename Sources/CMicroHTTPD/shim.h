// The door to libmicrohttpd, for HTTP only.
//
// It has what Swift cannot express: variadic calls, two callbacks, and two questions to the kernel whose answers are
// structs that differ between C libraries. All of it works with libmicrohttpd 0.9.75 (Debian 12) and 1.0 (Debian 13).
#pragma once
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/// All callbacks of the library; `owner` is the `cls` of each of them.
struct cmhd_callbacks {
  void *owner;
  MHD_AcceptPolicyCallback accept_policy;
  MHD_AccessHandlerCallback handler;
  MHD_NotifyConnectionCallback connection;
  MHD_RequestCompletedCallback completed;
  void *(*request_line)(void *owner, const char *target, struct MHD_Connection *connection);
  void (*logged)(void *owner);  // or NULL; then the struct need not outlive the start
};

/// An unescape callback that leaves the target as the client wrote it: the code that splits it decodes its parts.
static size_t cmhd_keep_escapes(void *owner, struct MHD_Connection *connection, char *text) {
  (void) owner;
  (void) connection;
  return strlen(text);
}

/// Hides the query string from the library; the target has been copied before. The library keeps 64 bytes for each
/// argument. When an argument does not fit its memory pool, 0.9.75 closes the connection, frees the pool and keeps
/// reading it (use after free): parse_initial_message_line ignores the errors of MHD_parse_arguments_.
static inline void cmhd_hide_query(const char *target) {
  char *mark = strchr(target, '?');
  if (mark) mark[1] = 0;
}

/// Puts a record behind the free memory of the connection. Its first bytes are zero, so a string that begins in the
/// receive buffer ends there at the latest. Only while the library parses the request line: later records are placed
/// before this one. Returns 0 if there is no room for it.
static inline int cmhd_end_buffer(struct MHD_Connection *connection) {
  return MHD_set_connection_value(connection, MHD_FOOTER_KIND, "", "") == MHD_YES;
}

/// Reports to the owner that the library logged. The text does not name the connection, so it is not read.
static void cmhd_log(void *callbacks, const char *format, va_list arguments) {
  const struct cmhd_callbacks *calls = (const struct cmhd_callbacks *) callbacks;
  (void) format;
  (void) arguments;
  calls->logged(calls->owner);
}

/// MHD_start_daemon(3) for an external epoll loop. With -1 for `listening`, connections come only from
/// MHD_add_connection(3), and accept_policy is not called. Otherwise the library accepts on that socket and closes it
/// when it stops. `calls` must live until then, for the log.
///
/// MHD_ALLOW_UPGRADE includes suspend and resume. The library's own timeout stays off. It logs to `logged`: nothing
/// else shows that it is about to reject a request that the handler has not seen.
static inline struct MHD_Daemon *cmhd_start(int listening, unsigned int max_connections, size_t pool_bytes,
                                            struct cmhd_callbacks *calls) {
  const unsigned int source = listening < 0 ? MHD_USE_NO_LISTEN_SOCKET : 0;
  struct MHD_OptionItem options[] = {{MHD_OPTION_LISTEN_SOCKET, listening, NULL}, {MHD_OPTION_END, 0, NULL}};
  return MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_UPGRADE | source | (calls->logged ? MHD_USE_ERROR_LOG : 0), 0,
      calls->accept_policy, calls->owner, calls->handler, calls->owner,
      MHD_OPTION_EXTERNAL_LOGGER, &cmhd_log, calls,
      MHD_OPTION_ARRAY, listening < 0 ? options + 1 : options, MHD_OPTION_CONNECTION_LIMIT, max_connections,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_bytes, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
      MHD_OPTION_NOTIFY_CONNECTION, calls->connection, calls->owner,
      MHD_OPTION_NOTIFY_COMPLETED, calls->completed, calls->owner,
      MHD_OPTION_URI_LOG_CALLBACK, calls->request_line, calls->owner,
      MHD_OPTION_UNESCAPE_CALLBACK, &cmhd_keep_escapes, NULL,
      MHD_OPTION_END);
}

/// The epoll descriptor, readable when MHD_run has work; -1 if there is none.
static inline int cmhd_epoll_descriptor(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

static inline int cmhd_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

static inline const struct sockaddr *cmhd_peer(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info ? info->client_addr : NULL;
}

/// The pointer that MHD_OPTION_NOTIFY_CONNECTION stored for this connection.
static inline void *cmhd_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/// Bytes from the start of the method to the end of the empty line; 0 if the header is not complete.
static inline size_t cmhd_header_bytes(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info ? info->header_size : 0;
}

/// Whether there is a response, ours or the library's own; until the request is completed.
static inline int cmhd_has_response(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS) != NULL;
}

/// 1 if the library must run at once, whatever epoll says, else 0. (Its own deadlines are off, so no other result
/// matters.)
static inline int cmhd_wants_run(struct MHD_Daemon *daemon) {
  MHD_UNSIGNED_LONG_LONG milliseconds = 1;
  return MHD_get_timeout(daemon, &milliseconds) == MHD_YES && milliseconds == 0;
}

// accept4(2), which <sys/socket.h> declares with _GNU_SOURCE only.
extern int accept4(int listening, struct sockaddr *address, socklen_t *size, int flags);

/// The kernel's counters of a TCP connection; all zero for a socket without them (a unix socket).
struct cmhd_traffic {
  int known;
  unsigned long long received;          // bytes, ever
  unsigned long long acknowledged;      // bytes of ours, ever
  unsigned long long sent;              // bytes of ours, ever, with repetitions
  unsigned int since_last_received_ms;
};

/// The head of the kernel's struct tcp_info (linux/tcp.h), which only grows at its end. The C library has a shorter one
/// with the same name, so the two headers cannot be in one module.
struct cmhd_tcp_info {
  unsigned char states[8];
  unsigned int before_last_received[11];
  unsigned int last_received_ms;
  unsigned int before_acknowledged[12];
  unsigned long long pacing_rates[2];
  unsigned long long acknowledged;
  unsigned long long received;
  unsigned int segments_and_delays[6];
  unsigned long long rates_and_times[4];
  unsigned int deliveries[2];
  unsigned long long sent;
};
_Static_assert(offsetof(struct cmhd_tcp_info, last_received_ms) == 52, "tcp_info");
_Static_assert(offsetof(struct cmhd_tcp_info, acknowledged) == 120, "tcp_info");
_Static_assert(offsetof(struct cmhd_tcp_info, sent) == 200, "tcp_info");

/// tcp(7), TCP_INFO. Called when a deadline has passed, never for each request.
static inline struct cmhd_traffic cmhd_traffic_of(int descriptor) {
  enum { tcp_info_option = 11 };
  struct cmhd_tcp_info info;
  struct cmhd_traffic traffic = {0, 0, 0, 0, 0};
  socklen_t size = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(descriptor, IPPROTO_TCP, tcp_info_option, &info, &size) != 0) return traffic;
  traffic.known = 1;
  // The kernel counts the peer's FIN as a byte; after it the state is CLOSE_WAIT, LAST_ACK or CLOSING.
  unsigned char state = info.states[0];
  int has_ended = state == 8 || state == 9 || state == 11;
  traffic.received = info.received > 0 && has_ended ? info.received - 1 : info.received;
  traffic.acknowledged = info.acknowledged;
  traffic.sent = info.sent;
  traffic.since_last_received_ms = info.last_received_ms;
  return traffic;
}

/// Unread bytes in the socket (FIONREAD); 0 on failure.
static inline int cmhd_unread(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, FIONREAD, &bytes) == 0 ? bytes : 0;
}

/// One header field in the library's memory: valid until the request is completed.
struct cmhd_field {
  const unsigned char *name;
  const unsigned char *value;
  unsigned int name_bytes;
  unsigned int value_bytes;
};

struct cmhd_fields {
  struct cmhd_field *first;
  size_t capacity;
  size_t count;  // may exceed the capacity: then only the first ones are there
};

static enum MHD_Result cmhd_collect_one(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_bytes,
                                        const char *value, size_t value_bytes) {
  struct cmhd_fields *fields = (struct cmhd_fields *) cls;
  (void) kind;
  if (fields->count < fields->capacity) {
    struct cmhd_field *field = fields->first + fields->count;
    field->name = (const unsigned char *) name;
    field->name_bytes = (unsigned int) name_bytes;
    field->value = (const unsigned char *) value;
    field->value_bytes = value ? (unsigned int) value_bytes : 0;
  }
  fields->count++;
  return MHD_YES;
}

/// Lists the header fields in the client's order.
static inline void cmhd_collect(struct MHD_Connection *connection, struct cmhd_fields *fields) {
  fields->count = 0;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &cmhd_collect_one, fields);
}

/// Makes a body of unknown length end with the connection (MHD_set_response_options is variadic).
static inline void cmhd_forbid_chunks(struct MHD_Response *response) {
  MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}

/// Makes the library close this connection, by its own clock, after a second without traffic. Not for a suspended one.
static inline void cmhd_time_out_soon(struct MHD_Connection *connection) {
  MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 1u);
}

/// Ends the library's part of an upgraded connection. The socket is closed without shutdown(2) (MHD_USE_TURBO), so a
/// duplicate stays open (MHD_upgrade_action is variadic).
static inline void cmhd_release_upgraded(struct MHD_UpgradeResponseHandle *handle) {
  MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}
