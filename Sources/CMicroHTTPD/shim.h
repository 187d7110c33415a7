// The door to libmicrohttpd. Nothing but HTTP imports it.
//
// Here is only what Swift cannot say: the variadic calls, one callback that would be the same in any language, and two
// questions to the kernel whose answer is a struct that differs between C libraries. All of it holds for libmicrohttpd
// 0.9.75 (Debian 12) and 1.0 (Debian 13).
#pragma once
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/// Everything the library calls us back with; `owner` is the `cls` of all of them.
struct cmhd_callbacks {
  void *owner;
  MHD_AcceptPolicyCallback accept_policy;
  MHD_AccessHandlerCallback handler;
  MHD_NotifyConnectionCallback connection;
  MHD_RequestCompletedCallback completed;
  void *(*request_line)(void *owner, const char *target, struct MHD_Connection *connection);
  void (*logged)(void *owner);  // or NULL; then the struct need not outlive the start
};

/// An unescape callback that leaves the target as the client wrote it: decoding is done by whoever knows what the parts
/// mean.
static size_t cmhd_keep_escapes(void *owner, struct MHD_Connection *connection, char *text) {
  (void) owner;
  (void) connection;
  return strlen(text);
}

/// Leaves the library no query to take apart; whoever wants it has copied the target. It keeps 64 bytes for each
/// argument, and where it has no room for that, 0.9.75 closes the connection, frees its memory and goes on reading it:
/// parse_initial_message_line heeds no error of MHD_parse_arguments_.
static inline void cmhd_hide_query(const char *target) {
  char *mark = strchr(target, '?');
  if (mark) mark[1] = 0;
}

/// Puts a record behind the free memory of the connection, whose first bytes are zero: a string that begins in the
/// receive buffer ends there at the latest. 0 when there is no room for it. Only while the library parses the request
/// line: later records lie before this one.
static inline int cmhd_end_buffer(struct MHD_Connection *connection) {
  return MHD_set_connection_value(connection, MHD_FOOTER_KIND, "", "") == MHD_YES;
}

/// Tells the owner that something was logged. The text does not say of which connection, so it is not read.
static void cmhd_log(void *callbacks, const char *format, va_list arguments) {
  const struct cmhd_callbacks *calls = (const struct cmhd_callbacks *) callbacks;
  (void) format;
  (void) arguments;
  calls->logged(calls->owner);
}

/// MHD_start_daemon(3) for an external epoll loop. With -1 for `listening` its connections come from
/// MHD_add_connection(3) alone, and accept_policy is not asked; else the library accepts on that socket, and closes it
/// when it stops. `calls` must live until then, for the log.
///
/// To allow upgrades is to allow suspend and resume. The library's own time-out stays off. It logs to `logged`: nothing
/// else says that it is about to refuse a request that it has not shown to the handler.
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

/// The epoll descriptor that becomes readable when MHD_run has work, or -1.
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

/// What MHD_OPTION_NOTIFY_CONNECTION stored for this connection.
static inline void *cmhd_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/// Bytes from the first of the method to the end of the empty line, or 0 when the header is not complete.
static inline size_t cmhd_header_bytes(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info ? info->header_size : 0;
}

/// Whether there is a response, ours or the library's own, until the request is completed.
static inline int cmhd_has_response(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS) != NULL;
}

/// 1 when the library must be run at once whatever epoll says, else 0. (Its own deadlines are off: no other answer
/// matters.)
static inline int cmhd_wants_run(struct MHD_Daemon *daemon) {
  MHD_UNSIGNED_LONG_LONG milliseconds = 1;
  return MHD_get_timeout(daemon, &milliseconds) == MHD_YES && milliseconds == 0;
}

// accept4(2), which <sys/socket.h> shows with _GNU_SOURCE only.
extern int accept4(int listening, struct sockaddr *address, socklen_t *size, int flags);

/// What the kernel knows of a TCP connection's traffic; all zero where there is none to ask (a unix socket).
struct cmhd_traffic {
  int known;
  unsigned long long received;          // bytes, ever
  unsigned long long acknowledged;      // bytes of ours, ever
  unsigned long long sent;              // bytes of ours, ever, with repetitions
  unsigned int since_last_received_ms;
};

/// The head of the kernel's struct tcp_info (linux/tcp.h), which only ever grows at its end. The C library has a
/// shorter one of the same name, so the two headers cannot be in one module.
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

/// tcp(7), TCP_INFO. Asked when a deadline has passed, never for each request.
static inline struct cmhd_traffic cmhd_traffic_of(int descriptor) {
  enum { tcp_info_option = 11 };
  struct cmhd_tcp_info info;
  struct cmhd_traffic traffic = {0, 0, 0, 0, 0};
  socklen_t size = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(descriptor, IPPROTO_TCP, tcp_info_option, &info, &size) != 0) return traffic;
  traffic.known = 1;
  // The kernel counts the other end's FIN as a byte; with it come CLOSE_WAIT, LAST_ACK and CLOSING.
  unsigned char state = info.states[0];
  int has_ended = state == 8 || state == 9 || state == 11;
  traffic.received = info.received > 0 && has_ended ? info.received - 1 : info.received;
  traffic.acknowledged = info.acknowledged;
  traffic.sent = info.sent;
  traffic.since_last_received_ms = info.last_received_ms;
  return traffic;
}

/// Bytes that lie unread in the socket (FIONREAD), or 0.
static inline int cmhd_unread(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, FIONREAD, &bytes) == 0 ? bytes : 0;
}

/// One header field where the library keeps it: valid until the request is completed.
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

/// Lists the header fields in the order they came.
static inline void cmhd_collect(struct MHD_Connection *connection, struct cmhd_fields *fields) {
  fields->count = 0;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &cmhd_collect_one, fields);
}

/// The body of this response, whose length is not known, ends with the connection (MHD_set_response_options is
/// variadic).
static inline void cmhd_forbid_chunks(struct MHD_Response *response) {
  MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}

/// Lets the library close this connection by its own clock after a second without traffic. Not for a suspended one.
static inline void cmhd_time_out_soon(struct MHD_Connection *connection) {
  MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 1u);
}

/// Ends the library's part of an upgraded connection; its socket is closed without shutdown(2) (MHD_USE_TURBO), so that
/// a duplicate lives on (MHD_upgrade_action is variadic).
static inline void cmhd_release_upgraded(struct MHD_UpgradeResponseHandle *handle) {
  MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}
