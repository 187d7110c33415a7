// Where the library calls us back. Each thunk recovers its object and forwards; nothing is decided here.

internal import CMicroHTTPD
import Glibc

extension Listener {
    static func callbacks(for listener: Listener) -> cmhd_callbacks {
        unsafe cmhd_callbacks(
            owner: Unmanaged.passUnretained(listener).toOpaque(), accept_policy: acceptPolicyThunk,
            handler: handlerThunk,
            connection: connectionThunk, completed: completedThunk, request_line: requestLineThunk)
    }

    // SAFETY (all thunks): `cls` is the listener, which lives until stop() has returned; a context is the Request that
    // connectionOpened() stored, which the table holds until connectionClosed().

    private static func recover(_ cls: UnsafeMutableRawPointer?) -> Listener {
        unsafe Unmanaged<Listener>.fromOpaque(cls!).takeUnretainedValue()
    }

    private static func request(_ context: UnsafeMutableRawPointer?) -> Request? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Request>.fromOpaque(context).takeUnretainedValue()
    }

    private static let acceptPolicyThunk:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<sockaddr>?, socklen_t)
            -> MHD_Result = { cls, address, _ in
                unsafe recover(cls).admits(address) ? .YES : .NO
            }

    private static let connectionThunk:
        @convention(c) (
            UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
            MHD_ConnectionNotificationCode
        ) -> Void = { cls, connection, context, code in
            let listener = unsafe recover(cls)
            guard let connection = unsafe connection, let context = unsafe context else { return }
            if code == .CONNECTION_NOTIFY_STARTED {
                unsafe context.pointee = Unmanaged.passUnretained(listener.connectionOpened(connection)).toOpaque()
            } else if let request = unsafe request(context.pointee) {
                unsafe context.pointee = nil
                listener.connectionClosed(request)
            }
        }

    private static let requestLineThunk:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?)
            -> UnsafeMutableRawPointer? = { cls, target, connection in
                guard let connection = unsafe connection else { return nil }
                let context = unsafe cmhd_socket_context(connection)
                if let request = unsafe request(context) { unsafe recover(cls).requestBegan(request, target) }
                return unsafe context
            }

    private static let handlerThunk:
        @convention(c) (
            UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?,
            UnsafePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        ) -> MHD_Result = { cls, _, _, method, version, bytes, count, context in
            guard let request = unsafe request(context?.pointee), let method = unsafe method,
                let version = unsafe version,
                let count = unsafe count
            else { return .NO }
            unsafe recover(cls).activity &+= 1
            return unsafe request.turn(method, version, bytes, count) ? .YES : .NO
        }

    private static let completedThunk:
        @convention(c) (
            UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
            MHD_RequestTerminationCode
        ) -> Void = { cls, _, context, code in
            unsafe recover(cls).activity &+= 1
            if let request = unsafe request(context?.pointee) { request.completed(code) }
        }

    static let readThunk: @convention(c) (UnsafeMutableRawPointer?, UInt64, UnsafeMutablePointer<CChar>?, Int) -> Int =
        {
            cls, _, buffer, capacity in
            guard let request = unsafe request(cls), let buffer = unsafe buffer else { return -2 }
            unsafe request.listener.activity &+= 1
            return unsafe request.read(buffer, capacity)
        }
}
