// The callbacks of the library. Each thunk recovers its object and forwards; it decides nothing.

internal import CMicroHTTPD
import Glibc

extension Listener {
    static func callbacks(for listener: Listener) -> cmhd_callbacks {
        unsafe cmhd_callbacks(
            owner: Unmanaged.passUnretained(listener).toOpaque(), accept_policy: nil, handler: handlerThunk,
            connection: connectionThunk, completed: completedThunk, request_line: requestLineThunk, logged: loggedThunk)
    }

    // SAFETY (all thunks): `cls` is the listener, which lives until stop() has returned; a context is the Request that
    // connectionOpened() stored, which the table holds until connectionClosed(). So both live through the call without
    // a retain.

    @inline(__always)
    private static func with<Result>(_ cls: UnsafeMutableRawPointer?, _ body: (Listener) -> Result) -> Result {
        unsafe Unmanaged<Listener>.fromOpaque(cls!)._withUnsafeGuaranteedRef(body)
    }

    @inline(__always)
    private static func withRequest<Result>(
        _ context: UnsafeMutableRawPointer?, _ none: Result, _ body: (Request) -> Result
    ) -> Result {
        guard let context = unsafe context else { return none }
        return unsafe Unmanaged<Request>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
    }

    private static let connectionThunk: @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_ConnectionNotificationCode
    ) -> Void = { cls, connection, context, code in
        guard let connection = unsafe connection, let context = unsafe context else { return }
        if code == .CONNECTION_NOTIFY_STARTED {
            let request = unsafe with(cls) { unsafe $0.connectionOpened(connection) }
            unsafe context.pointee = Unmanaged.passUnretained(request).toOpaque()
        } else {
            // The table releases the request during this call, so the call retains it.
            guard let pointer = unsafe context.pointee else { return }
            let request = unsafe Unmanaged<Request>.fromOpaque(pointer).takeUnretainedValue()
            unsafe with(cls) { $0.connectionClosed(request) }
            unsafe context.pointee = nil
        }
    }

    private static let requestLineThunk: @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
    ) -> UnsafeMutableRawPointer? = { cls, target, connection in
            guard let connection = unsafe connection else { return nil }
            let context = unsafe cmhd_socket_context(connection)
            unsafe withRequest(context, ()) { request in unsafe with(cls) { unsafe $0.requestBegan(request, target) } }
            return unsafe context
        }

    private static let loggedThunk: @convention(c) (UnsafeMutableRawPointer?) -> Void = { cls in
        unsafe with(cls) { $0.libraryLogged() }
    }

    private static let handlerThunk: @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
        UnsafePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result = { cls, _, _, method, version, bytes, count, context in
        guard let method = unsafe method, let version = unsafe version, let count = unsafe count else { return .NO }
        let goesOn = unsafe withRequest(context?.pointee, false) { request in
            if !request.isPolled { unsafe with(cls) { $0.activity &+= 1 } }
            return unsafe request.turn(method, version, bytes, count)
        }
        return goesOn ? .YES : .NO
    }

    private static let completedThunk: @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_RequestTerminationCode
    ) -> Void = { cls, _, context, code in
        unsafe with(cls) { $0.activity &+= 1 }
        unsafe withRequest(context?.pointee, ()) { $0.completed(code) }
    }

    static let upgradeThunk: @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Int, Int32,
        OpaquePointer?
    ) -> Void = { cls, _, _, early, count, _, handle in
        unsafe withRequest(cls, ()) { request in unsafe request.upgraded(early, count, handle) }
    }

    static let readThunk: @convention(c) (
        UnsafeMutableRawPointer?, UInt64, UnsafeMutablePointer<CChar>?, Int
    ) -> Int = { cls, _, buffer, capacity in
        guard let buffer = unsafe buffer else { return -2 }
        return unsafe withRequest(cls, -2) { request in unsafe request.read(buffer, capacity) }
    }
}
